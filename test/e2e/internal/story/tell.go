package story

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// libraryInside is where the shell functions for stories are in a machine.
const libraryInside = "/usr/local/lib/swapctl-e2e.sh"

// Teller tells stories.
type Teller struct {
	Machines *Machines
	Keep     bool   // leave the scripts' directories for a look
	Failures string // directory for everything about a machine whose story failed
	Update   bool   // write the documents that a machine prints otherwise
	Times    *Times // what each of them took
}

// Tell runs one telling on a machine of its lane and fails the test when anything in it does.
func (r *Teller) Tell(t *testing.T, telling Telling) {
	begin := time.Now()
	// The time is the story's own; a boot has its own limit.
	ctx, cancel := context.WithTimeout(t.Context(), telling.Story.Timeout+5*time.Minute)
	defer cancel()
	m, err := r.Machines.take(ctx, telling.Lane, telling.Story.Reuse)
	if err != nil {
		t.Fatalf("cannot get a machine: %v", err)
	}
	ready := time.Now()
	told := &tale{ctx: ctx, machine: m, telling: telling, update: r.Update}
	defer func() {
		err := r.end(ctx, t, told)
		t.Log(r.Times.add(telling.Name(), time.Since(ready), ready.Sub(begin)))
		if err != nil {
			t.Error(err)
		}
	}()
	testscript.RunT(adapter{t}, testscript.Params{
		Files:               []string{telling.Story.File},
		Setup:               told.setup,
		Cmds:                commands(),
		Condition:           told.condition,
		TestWork:            r.Keep,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            ready.Add(telling.Story.Timeout),
	})
}

// end shows what a machine whose story failed was about, and gives it back.
func (r *Teller) end(ctx context.Context, t *testing.T, told *tale) error {
	m := told.machine
	if trouble := kernelTrouble(m.Console()); trouble != "" {
		t.Errorf("the kernel complained: %s", trouble)
	}
	if !t.Failed() {
		return r.Machines.giveBack(context.WithoutCancel(ctx), told.telling.Lane, m, told.telling.Story.Reuse)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	r.tellFailure(ctx, t, told)
	return m.Close()
}

// kernelTrouble returns the first line on the console that no machine should ever print.
func kernelTrouble(console string) string {
	trouble := regexp.MustCompile(`(?m)^.*(Kernel panic|BUG: |Oops: |general protection fault|blocked for more than|EXT4-fs error).*$`)
	return trouble.FindString(console)
}

// tale is one telling under way; it is what the commands of a script work on.
type tale struct {
	ctx     context.Context // of the whole telling: testscript's commands have none
	machine *booted
	telling Telling
	cuts    int  // of the power, at random
	update  bool // documents
}

type taleKey struct{}

func (told *tale) setup(env *testscript.Env) error {
	env.Values[taleKey{}] = told
	env.Vars = append(env.Vars, told.environment()...)
	env.Vars = append(env.Vars, "B=/dev/disk/by-id/scratchb", "C=/dev/disk/by-id/scratchc")
	return nil
}

// environment is what stories see of their telling, both in the script and inside the machine.
func (told *tale) environment() []string {
	return append([]string{"lane=" + told.telling.Lane}, told.telling.Values...)
}

// condition answers [uml], [bookworm], [trixie], [qemu], and [name=value] for the matrix.
func (told *tale) condition(condition string) (bool, error) {
	switch condition {
	case "uml", "bookworm", "trixie":
		return told.telling.Lane == condition, nil
	case "qemu":
		return told.telling.Lane != "uml", nil
	}
	name, _, is := strings.Cut(condition, "=")
	if !is {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	for _, value := range told.telling.Values {
		if value == condition {
			return true, nil
		}
		if strings.HasPrefix(value, name+"=") {
			return false, nil
		}
	}
	return false, fmt.Errorf("no %q in the matrix", name)
}

// adapter lets testscript run in the test that is already running instead of in a subtest of its own.
type adapter struct{ *testing.T }

func (a adapter) Parallel()                          {}
func (a adapter) Run(_ string, f func(testscript.T)) { f(a) }
func (a adapter) Verbose() bool                      { return testing.Verbose() }

// run runs a command inside with the telling's environment.
func (told *tale) run(command machine.Command) (int, error) {
	command.Env = append(told.environment(), "B=/dev/disk/by-id/scratchb", "C=/dev/disk/by-id/scratchc",
		"HOME=/root", "LANG=C.UTF-8", "TERM=dumb")
	status, err := told.machine.Exec(told.ctx, command)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the story took longer than its %v: %w", told.telling.Story.Timeout, err)
	}
	return status, err
}
