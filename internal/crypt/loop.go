package crypt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// loopState is a loop device and its backing file.
type loopState struct {
	file      string // backing file or device; a deleted one's former name
	deleted   bool
	autoClear bool
	dev, ino  uint64 // of the backing file
}

// loopOf describes the loop device of that kernel name. The error wraps
// fs.ErrNotExist if it is not a loop device, or a free one.
func loopOf(h host.Host, name string) (loopState, error) {
	dir := "/sys/class/block/" + name + "/loop"
	data, err := h.Files.ReadFile(dir+"/backing_file", host.SmallLimit)
	if err != nil {
		return loopState{}, err
	}
	l := loopState{file: strings.TrimSuffix(string(data), "\n")}
	auto, err := word(h, dir+"/autoclear")
	if err != nil {
		return loopState{}, err
	}
	l.autoClear = auto == "1"
	st, err := h.Kernel.LoopStatus("/dev/" + name)
	switch {
	case errors.Is(err, unix.ENXIO):
		return loopState{}, fmt.Errorf("%s is free again: %w", name, fs.ErrNotExist)
	case err == nil:
		l.dev, l.ino = st.BackingDev, st.BackingIno
	case !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist):
		return loopState{}, err
	}
	return l.judge(h, err == nil), nil
}

// judge finds out whether the file still has its name. The kernel appends "
// (deleted)" to the path, which may also be part of a name.
func (l loopState) judge(h host.Host, known bool) loopState {
	st, err := h.Files.Stat(l.file)
	same := err == nil && (!known || st.Dev == l.dev && st.Ino == l.ino)
	if same {
		l.dev, l.ino = st.Dev, st.Ino
		return l
	}
	l.file, l.deleted = strings.CutSuffix(l.file, " (deleted)")
	return l
}

// word reads a one-line file.
func word(h host.Host, name string) (string, error) {
	data, err := h.Files.ReadFile(name, host.SmallLimit)
	return strings.TrimSpace(string(data)), err
}
