package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/wire"
)

// groupRoot is where control groups are mounted (cgroup v2).
const groupRoot = "/sys/fs/cgroup"

// commandGroup makes the control group for commands of stories. It is beside
// systemd's slices, as a login session is beside system.slice, so that the
// limits of the agent and of system.slice do not apply to them.
func commandGroup() (*os.File, error) {
	path := groupRoot + "/story"
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the group of commands: %w", err)
	}
	return os.Open(path)
}

// exec runs a command in its own process group and kills the whole group when
// the time limit is over.
func (s *server) exec(request wire.Request) (int, error) {
	if len(request.Args) == 0 {
		return 0, errors.New("no command given")
	}
	ctx := context.Background()
	if request.TimeoutMS > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(request.TimeoutMS)*time.Millisecond)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, request.Args[0], request.Args[1:]...)
	cmd.Env = append(os.Environ(), request.Env...)
	cmd.Dir = "/root"
	cmd.Stdin = bytes.NewReader(request.Stdin)
	if len(request.Stdin) == 0 {
		cmd.Stdin = nil
	}
	cmd.Stdout = &stream{server: s, id: request.ID, name: "stdout"}
	cmd.Stderr = &stream{server: s, id: request.ID, name: "stderr"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: int(s.cgroup.Fd())}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("the command did not finish in %v", time.Duration(request.TimeoutMS)*time.Millisecond)
	case errors.As(err, &exit):
		return exitStatus(exit.Sys().(syscall.WaitStatus)), nil
	case errors.Is(err, exec.ErrWaitDelay): // it left a process that still holds its output open
		return 0, nil
	default:
		return 0, err
	}
}

// exitStatus returns the status as a shell shows it.
func exitStatus(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
