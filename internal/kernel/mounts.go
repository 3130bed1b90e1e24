package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// Mount is a mounted file system, a line of /proc/self/mountinfo.
type Mount struct {
	ID, Parent   int
	Dev          uint64 // major 0 if the file system has no single device (btrfs)
	Root         string // the part of the file system that is mounted
	Point        string // where
	FSType       string
	Source       string // "/dev/vda1", "server:/export", or just a word
	Options      string // of this mount, comma separated
	SuperOptions string // of the file system
}

// Mounts reads /proc/self/mountinfo, in the kernel's order.
func Mounts(h host.Host) ([]Mount, error) {
	data, err := h.Files.ReadFile("/proc/self/mountinfo", host.TableLimit)
	if err != nil {
		return nil, err
	}
	return ParseMounts(data)
}

// ParseMounts parses a mountinfo file (proc_pid_mountinfo(5)).
func ParseMounts(data []byte) ([]Mount, error) {
	infos, err := mountinfo.GetMountsFromReader(bytes.NewReader(data), nil)
	if err != nil {
		return nil, fmt.Errorf("/proc/self/mountinfo: %w", err)
	}
	mounts := make([]Mount, len(infos))
	for i, m := range infos {
		mounts[i] = Mount{
			ID: m.ID, Parent: m.Parent,
			Dev:  unix.Mkdev(uint32(m.Major), uint32(m.Minor)),
			Root: m.Root, Point: m.Mountpoint,
			FSType: m.FSType, Source: m.Source,
			Options: m.Options, SuperOptions: m.VFSOptions,
		}
	}
	return mounts, nil
}

// MountOf finds the mount that name is on or, if name does not exist yet, would
// be on. The error wraps fs.ErrNotExist if there is none.
func MountOf(h host.Host, name string) (Mount, error) {
	mounts, err := Mounts(h)
	if err != nil {
		return Mount{}, err
	}
	return mountHolding(mounts, realPath(h, name))
}

// realPath resolves symbolic links as far as name exists and is readable.
func realPath(h host.Host, name string) string {
	name = path.Clean(name)
	for dir, rest := name, ""; ; {
		real, err := h.Files.EvalSymlinks(dir)
		if err == nil {
			return path.Join(real, rest)
		}
		if dir == "/" || dir == "." || errors.Is(err, fs.ErrPermission) {
			return name
		}
		rest = path.Join(path.Base(dir), rest)
		dir = path.Dir(dir)
	}
}

// mountHolding walks from the root mount towards name, from mount to mount, as
// path resolution does: searching only for the longest mount point would find
// mounts that another one hides.
func mountHolding(mounts []Mount, name string) (Mount, error) {
	children := map[int][]Mount{}
	listed := map[int]bool{}
	for _, m := range mounts {
		listed[m.ID] = true
	}
	var top []Mount // without a visible parent: the root; in a chroot there are more
	for _, m := range mounts {
		if m.ID == m.Parent || !listed[m.Parent] {
			top = append(top, m)
		} else {
			children[m.Parent] = append(children[m.Parent], m)
		}
	}
	holder, found := nearest(top, name)
	if !found {
		return Mount{}, fmt.Errorf("no mount holds %q: %w", name, fs.ErrNotExist)
	}
	if holder.Point == "/" {
		for _, m := range top {
			if m.Point != "/" {
				children[holder.ID] = append(children[holder.ID], m)
			}
		}
	}
	for range mounts { // prevents an endless loop, however strange the parents are
		next, ok := nearest(children[holder.ID], name)
		if !ok {
			break
		}
		holder = next
	}
	return holder, nil
}

// nearest is the mount that the resolution of name meets first, of several on
// the same parent; of two at one mount point, the later hides the earlier.
func nearest(mounts []Mount, name string) (Mount, bool) {
	var best Mount
	found := false
	for _, m := range mounts {
		if !within(name, m.Point) {
			continue
		}
		if !found || len(m.Point) <= len(best.Point) {
			best, found = m, true
		}
	}
	return best, found
}

// within reports whether name is dir or below it.
func within(name, dir string) bool {
	return dir == "/" || name == dir || dir != "" && strings.HasPrefix(name, dir+"/")
}
