// Package machine boots disposable Linux machines and talks to them. A machine
// is a process tree that ends with the test, disks that are copy-on-write on
// top of a cached image, and an agent inside that answers over a serial line.
package machine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/wire"
)

// Machine is one machine, in any lane. Its methods are for one goroutine at a time.
type Machine interface {
	// Boot starts the machine and returns when its agent answers, which is long
	// before the boot has finished.
	Boot(ctx context.Context) error
	// Exec runs a command inside and returns its exit status. An error means
	// that it could not be run or did not finish.
	Exec(ctx context.Context, command Command) (int, error)
	// Put writes a file inside; large programs are on the payload disk instead.
	Put(ctx context.Context, path string, mode uint32, content []byte) error
	// Get reads a file inside.
	Get(ctx context.Context, path string) ([]byte, error)
	// Reboot shuts down normally and returns when the agent of the next boot
	// answers.
	Reboot(ctx context.Context) error
	// PowerCut kills the whole emulator and boots again on the same disks.
	PowerCut(ctx context.Context) error
	// Settle returns when the boot has finished, with systemd's word for the
	// result.
	Settle(ctx context.Context) (string, error)
	// Console is everything the machine wrote to its console.
	Console() string
	// Journal is the tail of the journal of this boot.
	Journal(ctx context.Context) string
	// Disk is the path on the host of a raw scratch disk, "b" or "c".
	Disk(name string) (string, error)
	// Close kills the machine and removes its disks.
	Close() error
}

// ExecTimeout is the time limit of a command that has no other.
const ExecTimeout = time.Minute

// Command is what to run inside a machine, without a shell.
type Command struct {
	Args           []string
	Env            []string
	Stdin          []byte
	Timeout        time.Duration // default ExecTimeout
	Stdout, Stderr io.Writer
}

// emulator is where the lanes differ.
type emulator interface {
	// start starts the emulator on its disks; agent and console are ends for it.
	start(ctx context.Context, agent, console *os.File) (*process, error)
	// bootTimeout is how long the agent may take to answer.
	bootTimeout() time.Duration
	// startsAnew reports whether a reboot is a shutdown and another start of
	// the emulator.
	startsAnew() bool
	// trouble is what the emulator knows about a machine that does not answer.
	trouble() string
	// again prepares for another try after a start that failed.
	again(ctx context.Context) error
}

// machine is the part that all lanes share.
type machine struct {
	emulator emulator
	dir      string // everything of this machine; removed by Close

	mu     sync.Mutex
	proc   *process
	client *client
	boot   string
}

// bootTries: about one time in a hundred, an emulator that should continue from
// a saved state hung before its first instruction. Another try costs a story
// nothing but time.
const bootTries = 3

func (m *machine) Boot(ctx context.Context) error {
	err := m.bootOnce(ctx)
	for try := 1; err != nil && ctx.Err() == nil && m.proc != nil && try < bootTries; try++ {
		fmt.Fprintf(os.Stderr, "e2e: a machine did not start and is started again: %v; %s\n", err, m.emulator.trouble())
		m.stop()
		if hopeless := m.emulator.again(ctx); hopeless != nil {
			return errors.Join(err, hopeless)
		}
		err = m.bootOnce(ctx)
	}
	return err
}

func (m *machine) bootOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.emulator.bootTimeout())
	defer cancel()
	console, err := os.OpenFile(m.consolePath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer console.Close()
	ours, theirs, err := line()
	if err != nil {
		return err
	}
	defer theirs.Close()
	proc, err := m.emulator.start(ctx, theirs, console)
	if err != nil {
		ours.Close()
		return err
	}
	client := newClient(ours)
	m.mu.Lock()
	m.proc, m.client = proc, client
	m.mu.Unlock()
	return m.await(ctx, "")
}

// await waits for a boot other than old and sets its clock: that of a machine
// from a snapshot is wrong.
func (m *machine) await(ctx context.Context, old string) error {
	boot, err := m.client.await(ctx, old)
	if err != nil {
		return fmt.Errorf("cannot boot: %w", err)
	}
	m.boot = boot
	now := fmt.Sprintf("@%.3f", float64(time.Now().UnixMilli())/1000)
	status, err := m.Exec(ctx, Command{Args: []string{"date", "--set", now}})
	if err == nil && status != 0 {
		err = fmt.Errorf("date ended with %d", status)
	}
	if err != nil {
		return fmt.Errorf("cannot set the clock: %w", err)
	}
	return nil
}

func (m *machine) Exec(ctx context.Context, command Command) (int, error) {
	if m.client == nil {
		return 0, errors.New("the machine is not running")
	}
	timeout := cmp.Or(command.Timeout, ExecTimeout)
	// The agent applies the time limit; ours is only for a machine that hangs.
	ctx, cancel := context.WithTimeout(ctx, timeout+30*time.Second)
	defer cancel()
	reply, err := m.client.ask(ctx, wire.Request{
		Op: wire.Exec, Args: command.Args, Env: command.Env, Stdin: command.Stdin, TimeoutMS: timeout.Milliseconds(),
	}, command.Stdout, command.Stderr)
	return reply.Exit, err
}

func (m *machine) Put(ctx context.Context, path string, mode uint32, content []byte) error {
	for first := true; first || len(content) > 0; first = false {
		piece := content[:min(len(content), wire.PutSize)]
		content = content[len(piece):]
		request := wire.Request{Op: wire.Put, Path: path, Mode: mode, Append: !first, Data: piece}
		if _, err := m.client.ask(ctx, request, nil, nil); err != nil {
			return fmt.Errorf("cannot put %s: %w", path, err)
		}
	}
	return nil
}

func (m *machine) Get(ctx context.Context, path string) ([]byte, error) {
	var content bytes.Buffer
	if _, err := m.client.ask(ctx, wire.Request{Op: wire.Get, Path: path}, &content, nil); err != nil {
		return nil, fmt.Errorf("cannot get %s: %w", path, err)
	}
	return content.Bytes(), nil
}

func (m *machine) Reboot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*m.emulator.bootTimeout())
	defer cancel()
	old, verb := m.boot, "reboot"
	if m.emulator.startsAnew() {
		verb = "poweroff"
	}
	// The agent may end before or after it answers.
	_, _ = m.client.ask(ctx, wire.Request{
		Op: wire.Exec, Args: []string{"systemctl", "--no-block", verb}, TimeoutMS: 20000,
	}, nil, nil)
	if !m.emulator.startsAnew() {
		return m.await(ctx, old)
	}
	select {
	case <-m.proc.done:
	case <-ctx.Done():
		return fmt.Errorf("cannot reboot: the machine did not shut down: %w", ctx.Err())
	}
	m.stop()
	return m.Boot(ctx)
}

func (m *machine) PowerCut(ctx context.Context) error {
	m.stop()
	return m.Boot(ctx)
}

func (m *machine) Settle(ctx context.Context) (string, error) {
	for range 20 {
		var out bytes.Buffer
		command := Command{Args: []string{"systemctl", "is-system-running", "--wait"}, Stdout: &out, Timeout: 4 * time.Minute}
		if _, err := m.Exec(ctx, command); err != nil {
			return "", fmt.Errorf("cannot wait for the boot to finish: %w", err)
		}
		switch state := strings.TrimSpace(out.String()); state {
		case "running", "degraded":
			// systemd is done once udev is told to look at the devices; their
			// links may come seconds later.
			status, err := m.Exec(ctx, Command{Args: []string{"udevadm", "settle", "--timeout=120"}, Timeout: 3 * time.Minute})
			if err == nil && status != 0 {
				err = fmt.Errorf("udevadm settle ended with %d", status)
			}
			return state, err
		}
		time.Sleep(200 * time.Millisecond) // systemd does not answer yet
	}
	return "", errors.New("cannot tell whether the boot is finished: systemd does not say")
}

func (m *machine) consolePath() string { return filepath.Join(m.dir, "console.log") }

func (m *machine) Console() string {
	text, err := os.ReadFile(m.consolePath())
	if err != nil {
		return "cannot read the console: " + err.Error()
	}
	return string(text)
}

func (m *machine) Journal(ctx context.Context) string {
	var out bytes.Buffer
	command := Command{
		Args:   []string{"journalctl", "--boot", "--no-pager", "--lines=150", "--output=short-monotonic"},
		Stdout: &out, Stderr: &out, Timeout: 20 * time.Second,
	}
	if _, err := m.Exec(ctx, command); err != nil {
		fmt.Fprintln(&out, "cannot read the journal:", err)
	}
	return out.String()
}

func (m *machine) Disk(name string) (string, error) {
	if name != "b" && name != "c" {
		return "", fmt.Errorf("no disk %q: there are b and c", name)
	}
	return filepath.Join(m.dir, name+".img"), nil
}

func (m *machine) stop() {
	m.mu.Lock()
	proc, client := m.proc, m.client
	m.mu.Unlock()
	proc.kill()
	if client != nil {
		client.close()
	}
}

func (m *machine) Close() error {
	m.stop()
	return os.RemoveAll(m.dir)
}
