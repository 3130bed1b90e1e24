package host

import (
	"context"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// command prepares a program the way all programs are run: without a shell, in
// the root directory, with an empty standard input and an environment of ours.
// The environment of the caller could change what the program does
// (MODPROBE_OPTIONS, LD_PRELOAD). It has its own process group, so that ^C
// reaches only swapctl; if ctx ends, the whole group is killed.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	child := exec.CommandContext(ctx, program, args...)
	child.Dir, child.Env = "/", []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return unix.Kill(-child.Process.Pid, unix.SIGKILL) }
	child.WaitDelay = time.Second
	return child
}

// finish starts a prepared program and waits for its end. Processes that it
// left behind are killed then: until the program has been waited for, no other
// process or group can have its number.
func finish(child *exec.Cmd) error {
	if err := child.Start(); err != nil {
		return err
	}
	_ = again(func() error { return unix.Waitid(unix.P_PID, child.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) })
	_ = unix.Kill(-child.Process.Pid, unix.SIGKILL)
	return child.Wait()
}
