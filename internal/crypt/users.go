package crypt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// User is something in the kernel that reads or writes a file or device by
// itself. Two of them on the same blocks destroy each other's data, and the
// kernel does not prevent it: neither for loop devices nor for dm-crypt on
// them.
type User struct {
	Kind      string // "loop", "mapping" or "device" (RAID, for one)
	Name      string // a mapping's own name, otherwise the kernel's: "loop0", "md0"
	Path      string // "/dev/loop0"
	AutoClear bool   // of a loop
}

// String describes the user: "mapping cryptswap (/dev/dm-0)".
func (u User) String() string {
	if u.Kind == "mapping" {
		return fmt.Sprintf("mapping %s (%s)", u.Name, u.Path)
	}
	if u.Kind == "loop" {
		return "loop device " + u.Path
	}
	return "device " + u.Path
}

// UsersOf lists the loop devices and mappings that use the file or block device
// backing, also mappings on those loop devices. Mounts and swap areas are not
// among them.
func UsersOf(h host.Host, backing host.Stat) ([]User, error) {
	users, err := loopsOn(h, backing)
	if err != nil {
		return nil, err
	}
	if backing.IsBlock() {
		name, err := kernel.DeviceName(h, backing.Rdev)
		if err != nil {
			return nil, fmt.Errorf("what stands on it: %w", err)
		}
		return holders(h, name, users)
	}
	for _, l := range slices.Clone(users) {
		if users, err = holders(h, l.Name, users); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// loopsOn lists the loop devices whose backing file or device this is.
func loopsOn(h host.Host, backing host.Stat) ([]User, error) {
	names, err := h.Files.ReadDir("/sys/block")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for loop devices: %w", err)
	}
	var users []User
	for _, name := range names {
		if !strings.HasPrefix(name, "loop") {
			continue
		}
		l, err := loopOf(h, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // free
		}
		if err != nil {
			return nil, fmt.Errorf("look at /dev/%s: %w", name, err)
		}
		if l.over(h, backing) {
			users = append(users, User{Kind: "loop", Name: name, Path: "/dev/" + name, AutoClear: l.autoClear})
		}
	}
	return users, nil
}

// UsersAfterAll is UsersOf, but first waits a while for unused loop devices
// that remove themselves. A killed run leaves such a device if udev, which
// opens every new device, has it open at that moment.
func UsersAfterAll(ctx context.Context, h host.Host, backing host.Stat) (users []User, err error) {
	err = wait(ctx, func() (bool, error) {
		users, err = UsersOf(h, backing)
		stays := func(u User) bool { return u.Kind != "loop" || !u.AutoClear }
		return len(users) == 0 || slices.ContainsFunc(users, stays), err
	})
	return users, err
}

func (l loopState) over(h host.Host, backing host.Stat) bool {
	if l.dev == backing.Dev && l.ino == backing.Ino {
		return true
	}
	// A block device has many nodes, each with its own inode.
	st, err := h.Files.Stat(l.file)
	return backing.IsBlock() && err == nil && st.IsBlock() && st.Rdev == backing.Rdev
}

// holders adds what stands on a block device.
func holders(h host.Host, name string, users []User) ([]User, error) {
	names, err := kernel.Holders(h, name)
	if errors.Is(err, fs.ErrNotExist) {
		return users, nil // went away meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("what stands on /dev/%s: %w", name, err)
	}
	for _, n := range names {
		u := User{Kind: "device", Name: n, Path: "/dev/" + n}
		if mapping, err := word(h, "/sys/class/block/"+n+"/dm/name"); err == nil {
			u.Kind, u.Name = "mapping", mapping
		}
		users = append(users, u)
	}
	return users, nil
}
