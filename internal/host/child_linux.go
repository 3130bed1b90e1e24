package host

import (
	"context"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// command prepares a program as every one is run: without a shell, in the root
// directory, with an empty standard input and an environment of ours. That of
// whoever called swapctl could change what the program does (MODPROBE_OPTIONS,
// LD_PRELOAD). It has a process group of its own, so that a ^C is ours to hear;
// when ctx ends, the whole group is killed.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	child := exec.CommandContext(ctx, program, args...)
	child.Dir, child.Env = "/", []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return unix.Kill(-child.Process.Pid, unix.SIGKILL) }
	child.WaitDelay = time.Second
	return child
}

// finish starts a prepared program and waits for its end. What it has started and
// left behind is killed then: as long as the program itself is not waited for, its
// number, and so that of the group, is no other's.
func finish(child *exec.Cmd) error {
	if err := child.Start(); err != nil {
		return err
	}
	_ = again(func() error { return unix.Waitid(unix.P_PID, child.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) })
	_ = unix.Kill(-child.Process.Pid, unix.SIGKILL)
	return child.Wait()
}
