package machine

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

//go:embed enter.sh
var enterScript string

// Where a program that is run with enter finds the cached images and the
// machine's own directory.
const (
	imagesInside  = "/mnt/images"
	machineInside = "/mnt/machine"
)

// place is where a program of another Debian suite runs: its root, the images and the machine's directory.
type place struct{ root, images, machine string }

func (p place) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", append([]string{"-c", enterScript, "enter.sh", p.root, p.images, p.machine}, args...)...)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// When the first process of a PID namespace ends, all others in it are
		// killed.
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
		Setsid:     true, // ^C in the terminal is for the test only, which then closes its machines
	}
	return cmd
}

// process is a program that runs until it ends or is killed. Then all of its
// processes have ended.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // why it ended; valid when done is closed
}

// start runs the command and keeps the thread that started it alive: the parent-death signal that ends it with us is
// sent when that thread ends, not when the whole program does. The process is in the network, if there is one.
func start(cmd *exec.Cmd, network *Network) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Not unlocked: the thread ends with the process, and with it the network that it is in.
		runtime.LockOSThread()
		if err := network.enter(); err != nil {
			started <- err
			return
		}
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	return p, nil
}

// kill ends the process at once, like a power cut, and waits until it has
// ended.
func (p *process) kill() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

// run runs a short program in the place and returns its output.
func (p place) run(ctx context.Context, args ...string) (string, error) {
	cmd := p.command(args...)
	read, write, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer read.Close()
	cmd.Stdout, cmd.Stderr = write, write
	proc, err := start(cmd, nil)
	write.Close()
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, proc.kill)
	defer stop()
	output, err := io.ReadAll(read)
	<-proc.done
	if err = errors.Join(err, proc.err, ctx.Err()); err != nil {
		return "", fmt.Errorf("cannot run %s: %w\n%s", args[0], err, output)
	}
	return string(output), nil
}

// line is a two-way connection: one end for us, the other for the emulator.
func line() (ours, theirs *os.File, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a line to the machine: %w", err)
	}
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "agent"), os.NewFile(uintptr(fds[1]), "machine"), nil
}
