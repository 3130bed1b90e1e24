package story

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// action is a command of stories. An error is a failure of the harness or of
// the story; whether a command inside the machine succeeded is decided by
// finish.
type action func(c *call) error

// call is one use of a command in a script.
type call struct {
	*underway
	script  *testscript.TestScript
	negated bool
	args    []string
	timeout time.Duration
	exit    string // the expected exit status; "" for success (failure if negated)
}

// actions returns the commands of stories; README.md says what they do.
func actions() map[string]action {
	return map[string]action{
		"guest":             guest,
		"guest-sh":          guestShell,
		"swapctl":           swapctl,
		"swapctl-killed-at": killedAt,
		"wait-for":          waitFor,
		"put":               put,
		"get":               get,
		"state":             state,
		"reboot":            reboot,
		"powercut":          powerCut,
		"powercut-within":   powerCutWithin,
		"settle":            settle,
		"disk-contains":     diskContains,
		"console":           console,
		"node":              onNode,
		"kubectl":           kubectl,
		"cluster-sh":        clusterShell,
		"plan-holds":        planHolds,
	}
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, do := range actions() {
		all[name] = func(script *testscript.TestScript, negated bool, args []string) {
			s := script.Value(underwayKey{}).(*underway)
			c := &call{underway: s, script: script, negated: negated, args: args}
			script.Check(c.flags())
			script.Check(do(c))
		}
	}
	return all
}

// flags parses -t DURATION and -exit STATUS at the beginning of the arguments.
func (c *call) flags() error {
	for len(c.args) > 1 {
		var err error
		switch c.args[0] {
		case "-t":
			c.timeout, err = time.ParseDuration(c.args[1])
		case "-exit":
			_, err = strconv.Atoi(c.args[1])
			c.exit = c.args[1]
		default:
			return nil
		}
		if err != nil {
			return err
		}
		c.args = c.args[2:]
	}
	return nil
}

func (c *call) need(count int, usage string) error {
	if len(c.args) < count {
		return fmt.Errorf("usage: %s", usage)
	}
	return nil
}

// plain refuses "!", for commands for which it has no meaning.
func (c *call) plain() error {
	if c.negated {
		return fmt.Errorf("this command cannot be negated")
	}
	return nil
}

// inside runs a command in the machine; its output becomes the script's stdout
// and stderr.
func (c *call) inside(args ...string) (int, error) {
	return c.exec(machine.Command{
		Args: args, Timeout: c.timeout, Stdout: c.script.Stdout(), Stderr: c.script.Stderr(),
	})
}

// finish compares an exit status with the expected one.
func (c *call) finish(status int, err error) error {
	switch {
	case err != nil:
		return err
	case c.exit != "" && strconv.Itoa(status) != c.exit:
		return fmt.Errorf("exit status %d, not %s", status, c.exit)
	case c.exit != "":
		return nil
	case c.negated && status == 0:
		return fmt.Errorf("unexpected success")
	case !c.negated && status != 0:
		return fmt.Errorf("exit status %d", status)
	}
	return nil
}

func guest(c *call) error {
	if err := c.need(1, "guest [-t 60s] [-exit N] COMMAND ARGS..."); err != nil {
		return err
	}
	return c.finish(c.inside(c.args...))
}

func swapctl(c *call) error {
	return c.finish(c.inside(append([]string{"/usr/local/bin/swapctl"}, c.args...)...))
}

// shellPrologue makes a script print where it failed.
const shellPrologue = `set -Eeuo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND: exit status $?" >&2' ERR
. ` + libraryInside + `
file=$1; shift
. "$file"`

func guestShell(c *call) error {
	command, err := c.shell("guest-sh [-t 60s] [-exit N] FILE ARGS...")
	if err != nil {
		return err
	}
	return c.finish(c.inside(command...))
}

// shell copies a section of the story into the machine and returns the command
// that runs it.
func (c *call) shell(usage string) ([]string, error) {
	if err := c.need(1, usage); err != nil {
		return nil, err
	}
	path := "/run/e2e/" + c.args[0]
	if err := c.machine.Put(c.ctx, path, 0o600, []byte(c.script.ReadFile(c.args[0]))); err != nil {
		return nil, err
	}
	return slices.Concat([]string{"bash", "-c", shellPrologue, c.args[0], path}, c.args[1:]), nil
}

// killedAt succeeds if swapctl was killed, and fails if it ended before the
// N-th call; "!" reverses that.
func killedAt(c *call) error {
	if err := c.need(2, "swapctl-killed-at SYSCALL[,SYSCALL] N ARGS..."); err != nil {
		return err
	}
	var errs bytes.Buffer
	args := slices.Concat([]string{"guest", "kill-at", c.args[0], c.args[1], "/usr/local/bin/swapctl"}, c.args[2:])
	_, err := c.exec(machine.Command{Args: args, Timeout: c.timeout, Stdout: c.script.Stdout(), Stderr: &errs})
	if err != nil {
		return err
	}
	fmt.Fprint(c.script.Stderr(), errs.String())
	killed := strings.HasSuffix(errs.String(), "kill-at: killed\n")
	if killed == c.negated {
		return fmt.Errorf("killed: %t", killed)
	}
	return nil
}

// waitFor repeats a command until it succeeds (fails, if negated).
func waitFor(c *call) error {
	if err := c.need(1, "wait-for [-t 30s] COMMAND ARGS..."); err != nil {
		return err
	}
	limit := c.timeout
	if limit == 0 {
		limit = 30 * time.Second
	}
	for end := time.Now().Add(limit); ; time.Sleep(200 * time.Millisecond) {
		var out bytes.Buffer
		status, err := c.try(limit, &out)
		if err != nil {
			return err
		}
		if (status != 0) == c.negated {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("still exit status %d after %v: %s", status, limit, out.String())
		}
	}
}

// try runs the arguments as a command inside, or kubectl on this host.
func (c *call) try(limit time.Duration, out io.Writer) (int, error) {
	if c.args[0] == "kubectl" {
		return c.outside(limit, out, out, c.args...)
	}
	return c.exec(machine.Command{Args: c.args, Timeout: limit, Stdout: out, Stderr: out})
}

func put(c *call) error {
	if err := c.need(2, "put FILE PATH [MODE]"); err != nil {
		return err
	}
	mode := uint64(0o644)
	if len(c.args) > 2 {
		var err error
		if mode, err = strconv.ParseUint(c.args[2], 8, 32); err != nil {
			return err
		}
	}
	return c.machine.Put(c.ctx, c.args[1], uint32(mode), []byte(c.script.ReadFile(c.args[0])))
}

func get(c *call) error {
	if err := c.need(2, "get PATH FILE"); err != nil {
		return err
	}
	content, err := c.machine.Get(c.ctx, c.args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(c.script.MkAbs(c.args[1]), content, 0o644)
}

func state(c *call) error {
	if err := c.need(1, "state FILE"); err != nil {
		return err
	}
	text, err := c.machine.state(c.ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(c.script.MkAbs(c.args[0]), []byte(text), 0o644)
}

func reboot(c *call) error {
	if err := c.plain(); err != nil {
		return err
	}
	return c.machine.Reboot(c.ctx)
}

func powerCut(c *call) error {
	if err := c.plain(); err != nil {
		return err
	}
	return c.machine.PowerCut(c.ctx)
}

// powerCutWithin runs a section of the story, cuts the power at a random
// moment, and boots again. The moment depends only on the run, so that a
// failure can be repeated.
func powerCutWithin(c *call) error {
	if err := errors.Join(c.plain(), c.need(2, "powercut-within MILLISECONDS FILE ARGS...")); err != nil {
		return err
	}
	limit, err := strconv.Atoi(c.args[0])
	if err != nil {
		return err
	}
	c.args = c.args[1:]
	command, err := c.shell("powercut-within MILLISECONDS FILE ARGS...")
	if err != nil {
		return err
	}
	c.cuts++
	moment := time.Duration(c.random(c.cuts)%uint64(limit)) * time.Millisecond
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = c.exec(machine.Command{Args: command, Timeout: time.Minute}) // its output is lost with the power
	}()
	when := "after"
	select {
	case <-over:
		when = "after its end, before"
	case <-time.After(moment):
	}
	fmt.Fprintf(c.script.Stderr(), "power cut %d, %s %v\n", c.cuts, when, moment)
	err = c.machine.PowerCut(c.ctx)
	<-over
	return err
}

// random is the n-th pseudo-random number of a run.
func (s *underway) random(n int) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", s.run.Name(), n))
	return binary.BigEndian.Uint64(sum[:])
}

// settle waits until the boot has finished and compares its result, which must
// be "running" unless another one is given.
func settle(c *call) error {
	if err := c.plain(); err != nil {
		return err
	}
	want := "running"
	if len(c.args) > 0 {
		want = c.args[0]
	}
	state, err := c.machine.Settle(c.ctx)
	if err == nil && state != want {
		err = fmt.Errorf("the machine is %s, not %s", state, want)
	}
	return err
}
