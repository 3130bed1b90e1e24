package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// libraryInside is where the shell functions for stories are in a machine.
const libraryInside = "/usr/local/lib/swapctl-e2e.sh"

// Runner runs stories.
type Runner struct {
	Machines *Machines
	Keep     bool   // keep the scripts' directories, to look at them
	Failures string // directory for all that is known about a machine whose story failed
	Update   bool   // write documents whose output differs, instead of failing
	Times    *Times // how long each run took
}

// Run runs the story on a machine of its lane; the test fails if anything in it
// fails.
func (r *Runner) Run(t *testing.T, run Run) {
	begin := time.Now()
	// The time limit is for the story; a boot has its own.
	ctx, cancel := context.WithTimeout(t.Context(), run.Story.Timeout+5*time.Minute)
	defer cancel()
	s := &underway{ctx: ctx, run: run, update: r.Update}
	if err := s.take(r.Machines); err != nil {
		t.Fatalf("cannot get a machine: %v", err)
	}
	ready := time.Now()
	defer func() {
		err := r.end(ctx, t, s)
		t.Log(r.Times.add(run.Name(), time.Since(ready), ready.Sub(begin)))
		if err != nil {
			t.Error(err)
		}
	}()
	testscript.RunT(adapter{t}, testscript.Params{
		Files:               []string{run.Story.File},
		Setup:               s.setup,
		Cmds:                commands(),
		Condition:           s.condition,
		TestWork:            r.Keep,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            ready.Add(run.Story.Timeout),
	})
}

// take gets a machine for the story, or the cluster, whose first node is its machine.
func (s *underway) take(from *Machines) error {
	var err error
	if s.run.Lane != machine.Cluster {
		s.machine, err = from.take(s.ctx, s.run.Lane, s.run.Story.Reuse)
		return err
	}
	if s.cluster, err = from.takeCluster(s.ctx, s.run.Lane); err == nil {
		s.machine = s.cluster.nodes[clusterNodes()[0].Name]
	}
	return err
}

// end shows what a machine whose story failed was about, and gives it back.
func (r *Runner) end(ctx context.Context, t *testing.T, s *underway) error {
	for _, m := range s.machines() {
		if trouble := kernelTrouble(m.Console()); trouble != "" {
			t.Errorf("the kernel complained: %s", trouble)
		}
	}
	m := s.machine
	if !t.Failed() {
		if s.cluster != nil {
			return r.Machines.giveBackCluster(context.WithoutCancel(ctx), s.cluster, s.run.Story.Reuse)
		}
		return r.Machines.giveBack(context.WithoutCancel(ctx), s.run.Lane, m, s.run.Story.Reuse)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if s.cluster != nil {
		r.reportCluster(ctx, t, s)
		return s.cluster.Close()
	}
	r.reportFailure(ctx, t, s)
	return m.Close()
}

// machines are all machines of the run.
func (s *underway) machines() []*booted {
	if s.cluster == nil {
		return []*booted{s.machine}
	}
	return slices.Collect(maps.Values(s.cluster.nodes))
}

// kernelTrouble returns the first line on the console that no machine should ever print.
func kernelTrouble(console string) string {
	trouble := regexp.MustCompile(`(?m)^.*(Kernel panic|BUG: |Oops: |general protection fault|blocked for more than|EXT4-fs error).*$`)
	return trouble.FindString(console)
}

// underway is one run in progress; the commands of a script work on it.
type underway struct {
	ctx     context.Context // of the whole run: testscript's commands have none of their own
	machine *booted
	cluster *startedCluster // of which the machine is a node, or nil
	run     Run
	cuts    int  // number of random power cuts so far
	update  bool // write the documents
}

type underwayKey struct{}

func (s *underway) setup(env *testscript.Env) error {
	env.Values[underwayKey{}] = s
	env.Vars = append(env.Vars, s.environment()...)
	env.Vars = append(env.Vars, "B=/dev/disk/by-id/scratchb", "C=/dev/disk/by-id/scratchc")
	return nil
}

// environment returns the variables of a run, both for the script and inside of
// the machine.
func (s *underway) environment() []string {
	return append([]string{"lane=" + s.run.Lane}, s.run.Values...)
}

// condition answers [uml], [bookworm], [trixie], [cluster], [qemu], and [name=value] for the matrix.
func (s *underway) condition(condition string) (bool, error) {
	switch condition {
	case "uml", "bookworm", "trixie", machine.Cluster:
		return s.run.Lane == condition, nil
	case "qemu":
		return !machine.IsUML(s.run.Lane), nil
	}
	name, _, is := strings.Cut(condition, "=")
	if !is {
		return false, fmt.Errorf("unknown condition %q", condition)
	}
	for _, value := range s.run.Values {
		if value == condition {
			return true, nil
		}
		if strings.HasPrefix(value, name+"=") {
			return false, nil
		}
	}
	return false, fmt.Errorf("no %q in the matrix", name)
}

// adapter lets testscript run in the running test instead of in a subtest of
// its own.
type adapter struct{ *testing.T }

func (a adapter) Parallel()                          {}
func (a adapter) Run(_ string, f func(testscript.T)) { f(a) }
func (a adapter) Verbose() bool                      { return testing.Verbose() }

// emulated is how many times longer a command may take on an emulated
// processor: the limits in stories are for the fast lane, and only end what
// hangs.
const emulated = 3

// exec runs a command inside with the run's variables.
func (s *underway) exec(command machine.Command) (int, error) {
	if !machine.IsUML(s.run.Lane) {
		command.Timeout = emulated * cmp.Or(command.Timeout, machine.ExecTimeout)
	}
	command.Env = append(s.environment(), "B=/dev/disk/by-id/scratchb", "C=/dev/disk/by-id/scratchc",
		"HOME=/root", "LANG=C.UTF-8", "TERM=dumb")
	status, err := s.machine.Exec(s.ctx, command)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the story took longer than its %v: %w", s.run.Story.Timeout, err)
	}
	return status, err
}
