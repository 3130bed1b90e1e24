package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	loopControl = "/dev/loop-control"
	// loopTries is how often other processes may take the free loop device
	// before us until we give up; the pause lets them finish.
	loopTries = 50
	loopPause = 10 * time.Millisecond
)

// loop attaches; old skips LOOP_CONFIGURE (kernel 5.8), for tests.
type loop struct{ old bool }

// LoopAttach implements Kernel.
func (linux) LoopAttach(backing File, o LoopOptions) (File, error) {
	return loop{}.attach(backing, o)
}

func (l loop) attach(backing File, o LoopOptions) (File, error) {
	control, err := openControl(loopControl, "loop")
	if err != nil {
		return nil, absent("loop", err)
	}
	defer func() { _ = control.Close() }()
	for range loopTries {
		var f *os.File
		f, err = l.attachFree(control, backing, o)
		if err == nil {
			return file{f}, nil
		}
		// EBUSY: another process was faster, or holds that device exclusively.
		// ENXIO, ENOENT: it was removed (LOOP_CTL_REMOVE) in between.
		if !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENXIO) && !errors.Is(err, unix.ENOENT) {
			break
		}
		time.Sleep(loopPause)
	}
	return nil, fmt.Errorf("attach %s to a loop device: %w", backing.Name(), err)
}

// attachFree tries the device that is free at the moment.
func (l loop) attachFree(control *os.File, backing File, o LoopOptions) (*os.File, error) {
	n, err := ioctlValue(int(control.Fd()), unix.LOOP_CTL_GET_FREE, 0)
	if err != nil {
		return nil, pathError("find a free loop device with", loopControl, err)
	}
	path := fmt.Sprintf("/dev/loop%d", n)
	if err := waitForNode(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := l.configure(int(f.Fd()), backing, o); err != nil {
		return nil, errors.Join(pathError("configure", path, err), f.Close())
	}
	return f, nil
}

func (l loop) configure(dev int, backing File, o LoopOptions) error {
	c := unix.LoopConfig{Fd: uint32(backing.Fd()), Size: uint32(o.BlockBytes)}
	c.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
	if o.DirectIO {
		c.Info.Flags |= unix.LO_FLAGS_DIRECT_IO
	}
	// Old versions of losetup show this; new ones read sysfs, which has the
	// whole path.
	copy(c.Info.File_name[:len(c.Info.File_name)-1], backing.Name())
	if !l.old {
		err := ioctl(dev, unix.LOOP_CONFIGURE, unsafe.Pointer(&c))
		if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTTY) {
			return err
		}
		// The ioctl or an option of it is not known. The calls below show
		// which.
	}
	if _, err := ioctlValue(dev, unix.LOOP_SET_FD, int(backing.Fd())); err != nil {
		return err
	}
	if err := configureBound(dev, &c); err != nil {
		_, undo := ioctlValue(dev, unix.LOOP_CLR_FD, 0)
		return errors.Join(err, undo)
	}
	return nil
}

// configureBound configures a device that has its backing file. Autoclear comes
// first, so that a kill after it leaves nothing.
func configureBound(dev int, c *unix.LoopConfig) error {
	info := c.Info
	info.Flags = unix.LO_FLAGS_AUTOCLEAR
	if err := busyAgain(func() error { return unix.IoctlLoopSetStatus64(dev, &info) }); err != nil {
		return err
	}
	if c.Size != 0 {
		if err := busyAgain(func() error {
			_, err := ioctlValue(dev, unix.LOOP_SET_BLOCK_SIZE, int(c.Size))
			return err
		}); err != nil {
			return err
		}
	}
	if c.Info.Flags&unix.LO_FLAGS_DIRECT_IO != 0 {
		// EINVAL if the file system cannot: then buffered, as documented.
		_, err := ioctlValue(dev, unix.LOOP_SET_DIRECT_IO, 1)
		if err != nil && !errors.Is(err, unix.EINVAL) {
			return err
		}
	}
	return nil
}

// busyAgain repeats an ioctl that kernels before 6.2 refuse with EAGAIN while
// pages of the device are in the page cache (udev has just read it).
func busyAgain(call func() error) error {
	var err error
	for range loopTries {
		if err = again(call); !errors.Is(err, unix.EAGAIN) {
			return err
		}
		time.Sleep(loopPause)
	}
	return err
}

// LoopStatus implements Kernel.
func (linux) LoopStatus(path string) (LoopStatus, error) {
	f, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return LoopStatus{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := unix.IoctlLoopGetStatus64(int(f.Fd()))
	if err != nil {
		return LoopStatus{}, pathError("read status of", path, err)
	}
	return LoopStatus{
		BackingDev: info.Device, BackingIno: info.Inode,
		AutoClear: info.Flags&unix.LO_FLAGS_AUTOCLEAR != 0,
		DirectIO:  info.Flags&unix.LO_FLAGS_DIRECT_IO != 0,
	}, nil
}

// LoopDetach implements Kernel.
func (linux) LoopDetach(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	_, err = ioctlValue(int(f.Fd()), unix.LOOP_CLR_FD, 0)
	return errors.Join(pathError("detach", path, err), f.Close())
}

// absent marks the error of opening a driver's control device if the kernel has
// no such driver, so that errors.Is(err, fs.ErrNotExist) is true.
func absent(driver string, err error) error {
	for _, missing := range []error{unix.ENOENT, unix.ENXIO, unix.ENODEV} {
		if errors.Is(err, missing) {
			return fmt.Errorf("this kernel has no %s driver, or its module is not installed: %w (%w)", driver, fs.ErrNotExist, err)
		}
	}
	return err
}
