package check

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// findStale looks for unencrypted swap areas that are off: on every unused
// block device, and in the usual swap files. It reads a page or two of each,
// and more of those that it finds.
func findStale(h host.Host, stacks *kernel.Stacks, f *Facts) ([]Stale, error) {
	used := inUse(f.Areas)
	var found []Stale
	var denied error
	look := func(name string) {
		s, ok, err := staleAt(h, name)
		switch {
		case errors.Is(err, fs.ErrPermission):
			denied = err
		case ok:
			found = append(found, s)
		}
	}
	devices, err := h.Files.ReadDir("/sys/class/block")
	if err != nil {
		return nil, err
	}
	for _, name := range devices {
		if path, ok := idle(h, stacks, name); ok && !used[path] {
			look(path)
		}
	}
	for _, name := range swapFiles(h) {
		st, err := h.Files.Lstat(name)
		if err == nil && st.Mode.IsRegular() && !used[fileKey(st.Dev, st.Ino)] {
			look(name)
		}
	}
	return found, denied
}

// inUse lists everything below the active areas: devices by path, files by
// inode.
func inUse(areas []Area) map[string]bool {
	used := map[string]bool{}
	for _, a := range areas {
		a.Stack.Walk(func(l kernel.Layer) bool {
			used[l.Path] = true
			if l.Kind == kernel.KindFile {
				used[fileKey(l.Dev, l.Ino)] = true
			}
			return true
		})
	}
	return used
}

func fileKey(dev, ino uint64) string { return fmt.Sprintf("%d/%d", dev, ino) }

// idle returns the node of a block device that holds data of its own and is not
// used by another one. An encrypted mapping shows as plain text what is
// encrypted on the disk.
func idle(h host.Host, stacks *kernel.Stacks, name string) (node string, ok bool) {
	for _, driver := range []string{"loop", "ram", "zram", "sr", "fd", "nbd"} {
		if rest, cut := strings.CutPrefix(name, driver); cut && strings.Trim(rest, "0123456789") == "" {
			return "", false
		}
	}
	if n, ok := kernel.ReadText(h, "/sys/class/block/"+name+"/size").Number(); ok && n == 0 {
		return "", false // a drive without a medium
	}
	if holders, err := kernel.Holders(h, name); err != nil || len(holders) > 0 {
		return "", false
	}
	dev, err := kernel.ParseDeviceNumber(kernel.ReadText(h, "/sys/class/block/"+name+"/dev").Value)
	if err != nil {
		return "", false
	}
	l, err := stacks.Device(dev)
	if err != nil || l.Encrypted() {
		return "", false
	}
	return l.Path, true
}

// swapFiles are the usual places of swap files: those that fstab names, also in
// a line that is commented out, and those that installers use.
func swapFiles(h host.Host) []string {
	files := []string{"/swapfile", "/swap.img", "/swap/swapfile", "/var/swap", "/var/swapfile", "/var/lib/swapctl/swapfile"}
	data, _ := host.ReadTrusted(h.Files, "/etc/fstab", host.FileLimit)
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(strings.TrimLeft(line, "# \t"))
		if len(words) < 3 || words[2] != "swap" || !strings.HasPrefix(words[0], "/") || strings.HasPrefix(words[0], "/dev/") {
			continue
		}
		known := false
		for _, f := range files {
			known = known || f == words[0]
		}
		if !known {
			files = append(files, words[0])
		}
	}
	return files
}

const (
	headBytes  = 64 << 10 // the largest page of any machine
	sampleSize = 4 << 10
	samples    = 8
)

// staleAt reads the head of a device or file.
func staleAt(h host.Host, name string) (Stale, bool, error) {
	file, err := h.Files.Open(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return Stale{}, false, err
	}
	defer file.Close()
	head := make([]byte, headBytes)
	n, _ := file.ReadAt(head, 0)
	for page := sampleSize; page <= n; page *= 2 {
		header, err := swapfile.ParseHeader(head[:page])
		if errors.Is(err, swapfile.ErrHibernation) {
			return Stale{Path: name, Image: true}, true, nil
		}
		if err == nil {
			s := Stale{Path: name, SizeBytes: header.SizeBytes()}
			s.Data = holdsData(file, int64(page), s.SizeBytes)
			return s, true, nil
		}
	}
	return Stale{}, false, nil
}

// holdsData takes samples: an area that was never swapped to is zeros on most
// disks, and one that was used is filled from its beginning.
func holdsData(file host.File, begin, size int64) bool {
	sample := make([]byte, sampleSize)
	for i := range int64(samples) {
		at := begin
		if i > 0 {
			at = (begin + (size-begin)*i/samples) / sampleSize * sampleSize
		}
		n, _ := file.ReadAt(sample, at)
		if len(bytes.Trim(sample[:n], "\x00")) > 0 {
			return true
		}
	}
	return false
}
