package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// openPort finds the line to the host: the virtio port named "agent" (QEMU),
// otherwise the first serial line (UML). The driver may still be loading when
// the agent starts, so it waits.
func openPort() (*os.File, error) {
	for range 600 {
		if path := virtioPort(); path != "" {
			return os.OpenFile(path, os.O_RDWR, 0)
		}
		if isUML() {
			return openSerial("/dev/ttyS0")
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.New("cannot find the line to the host: no virtio port named agent in 60 s")
}

func virtioPort() string {
	names, _ := filepath.Glob("/sys/class/virtio-ports/*/name")
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && strings.TrimSpace(string(text)) == "agent" {
			return "/dev/" + filepath.Base(filepath.Dir(name))
		}
	}
	return ""
}

func isUML() bool {
	text, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && strings.Contains(string(text), "User Mode Linux")
}

// openSerial opens a terminal line in raw mode.
func openSerial(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("cannot read the mode of %s: %w", path, err)
	}
	mode.Iflag, mode.Oflag, mode.Lflag = 0, 0, 0
	mode.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200
	mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, mode); err != nil {
		return nil, fmt.Errorf("cannot set the mode of %s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}
