package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// initramfs is the first program of a machine whose kernel needs modules for
// its root disk. It loads those in /modules.list in that order, mounts root=
// and executes the init of the root.
func initramfs([]string) error {
	for _, dir := range []string{"/proc", "/dev", "/root"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("cannot mount /proc: %w", err)
	}
	if err := unix.Mount("dev", "/dev", "devtmpfs", 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("cannot mount /dev: %w", err)
	}
	if err := loadModules("/modules.list"); err != nil {
		return err
	}
	if err := mountRoot(rootDevice()); err != nil {
		return err
	}
	if err := unix.Unmount("/proc", 0); err != nil {
		return fmt.Errorf("cannot leave /proc: %w", err)
	}
	if err := unix.Mount("/dev", "/root/dev", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("cannot move /dev: %w", err)
	}
	if err := os.Chdir("/root"); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("cannot move the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("cannot enter the root: %w", err)
	}
	return unix.Exec("/sbin/init", []string{"/sbin/init"}, os.Environ())
}

func loadModules(list string) error {
	file, err := os.Open(list)
	if err != nil {
		return err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		module, err := os.Open("/modules/" + lines.Text())
		if err != nil {
			return err
		}
		flags := 0
		if !strings.HasSuffix(lines.Text(), ".ko") {
			flags = unix.MODULE_INIT_COMPRESSED_FILE
		}
		err = unix.FinitModule(int(module.Fd()), "", flags)
		module.Close()
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("cannot load %s: %w", lines.Text(), err)
		}
	}
	return nil
}

func rootDevice() string {
	line, _ := os.ReadFile("/proc/cmdline")
	for word := range strings.FieldsSeq(string(line)) {
		if device, found := strings.CutPrefix(word, "root="); found {
			return device
		}
	}
	return "/dev/vda"
}

// mountRoot waits up to 30 s for the disk to appear.
func mountRoot(device string) error {
	var err error
	for range 1500 {
		if err = unix.Mount(device, "/root", "ext4", unix.MS_NOATIME, ""); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("cannot mount %s: %w", device, err)
}
