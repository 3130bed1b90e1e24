package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// payload unpacks the tar that is written directly to a disk, into the root
// directory. So large programs get into a machine much faster than over the
// serial line.
func payload(args []string) error {
	if len(args) != 1 {
		return errors.New("payload needs the path of the disk")
	}
	disk, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer disk.Close()
	// What this kernel read from the disk before may be outdated: the machine
	// may come from a snapshot.
	if err := unix.IoctlSetInt(int(disk.Fd()), unix.BLKFLSBUF, 0); err != nil {
		return fmt.Errorf("cannot forget what was read of %s: %w", args[0], err)
	}
	archive := tar.NewReader(disk)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", args[0], err)
		}
		if err := unpack(header, archive); err != nil {
			return err
		}
	}
}

func unpack(header *tar.Header, content io.Reader) error {
	path := filepath.Join("/", header.Name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".payload-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err := io.Copy(file, content); err != nil {
		file.Close()
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := errors.Join(file.Chmod(header.FileInfo().Mode().Perm()), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// flush returns when no write to a disk is pending any more: neither file data
// nor pages that are being swapped out.
func flush([]string) error {
	unix.Sync()
	for range 300 {
		busy, err := underWriteback()
		if err != nil {
			return err
		}
		if !busy {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
		unix.Sync()
	}
	return errors.New("cannot flush: pages are still being written after 15 s")
}

func underWriteback() (bool, error) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && fields[0] == "Writeback:" {
			return fields[1] != "0", nil
		}
	}
	return false, errors.New("cannot find Writeback in /proc/meminfo")
}
