package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrSwapOffKilled says that swapoff was killed, usually by the kernel because
// memory ran out: the area is still on.
var ErrSwapOffKilled = errors.New("swapoff was killed")

// swapOffName is the name under which this program does only one swapoff.
const swapOffName = "swapctl-swapoff"

// SwapOffMain is the main function of a process that SwapOffApart has started;
// ok is false in any other process. Its exit status is the errno.
func SwapOffMain(args []string) (status int, ok bool) {
	if len(args) != 2 || args[0] != swapOffName {
		return 0, false
	}
	path, err := unix.BytePtrFromString(args[1])
	if err != nil {
		return int(unix.EINVAL), true
	}
	var errno unix.Errno
	if err := swapOff(context.Background(), path); errors.As(err, &errno) {
		return int(errno), true
	}
	return 0, true
}

// SwapOffApart implements Kernel.
func (linux) SwapOffApart(ctx context.Context, path string) error {
	// The child must end with this thread, and so with this process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	child := command(ctx, "/proc/self/exe")
	child.Args = []string{swapOffName, path}
	child.SysProcAttr.Pdeathsig = unix.SIGKILL
	// There is no time limit besides ctx: when ctx ends, the kernel stops the
	// call between one process and the next.
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	child.WaitDelay = time.Minute
	err := finish(child)
	if ctx.Err() != nil {
		return pathError("swapoff", path, ctx.Err())
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return pathError("swapoff", path, err)
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		return pathError("swapoff", path, ErrSwapOffKilled)
	case ok && status.Exited():
		return pathError("swapoff", path, unix.Errno(status.ExitStatus()))
	}
	return pathError("swapoff", path, err)
}
