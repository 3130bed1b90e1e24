package host

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// interruptEvery is the pause between signals to a swapoff that has to end. The
// first may arrive before the thread has entered the kernel, and be lost.
const interruptEvery = 20 * time.Millisecond

// SwapOn implements Kernel.
func (linux) SwapOn(path string, flags int) error {
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return pathError("swapon", path, err)
	}
	_, _, errno := unix.Syscall(unix.SYS_SWAPON, uintptr(unsafe.Pointer(p)), uintptr(flags), 0)
	if errno != 0 {
		return pathError("swapon", path, errno)
	}
	return nil
}

// SwapOff runs swapoff(2) on a thread of its own, because the kernel stops
// early only if a signal is pending for the thread that called it. Any other
// signal makes it stop too (EINTR); pages that were read back by then stay in
// memory, so it is simply called again unless ctx has ended. The kernel checks
// for signals between one process and the next: a single process with much in
// swap is read back completely.
func (linux) SwapOff(ctx context.Context, path string) error {
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return pathError("swapoff", path, err)
	}
	if err := ctx.Err(); err != nil {
		return pathError("swapoff", path, err)
	}
	thread := make(chan int, 1)
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		done <- swapOff(ctx, p)
	}()
	tid := <-thread
	select {
	case err := <-done:
		return pathError("swapoff", path, err)
	case <-ctx.Done():
		return pathError("swapoff", path, interrupt(tid, done))
	}
}

// swapOff returns ctx's error if ctx ended before the area was off.
func swapOff(ctx context.Context, path *byte) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_SWAPOFF, uintptr(unsafe.Pointer(path)), 0, 0)
		switch {
		case errno == 0:
			return nil
		case !errors.Is(errno, unix.EINTR):
			return errno
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// interrupt signals the thread until its call has returned. SIGURG is the
// signal that the Go runtime uses for its own threads and that has no other
// effect.
func interrupt(tid int, done <-chan error) error {
	for {
		// After done, the thread is an idle thread of this process, where a
		// late SIGURG does no harm.
		_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG)
		select {
		case err := <-done:
			return err
		case <-time.After(interruptEvery):
		}
	}
}
