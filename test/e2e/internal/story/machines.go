package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// Lanes returns what a lane boots from; the first call for a lane may take
// minutes.
type Lanes func(lane string) (machine.Options, error)

// Machines provides booted machines. A machine that a story left unchanged is
// kept for the next story of its lane.
type Machines struct {
	lanes   Lanes
	payload map[string]string

	mu   sync.Mutex
	idle map[string]*booted

	cluster *startedCluster // idle, or nil
}

// booted is a machine, and its state before a story used it.
type booted struct {
	machine.Machine
	fresh string
}

// NewMachines returns an empty stock; payload are programs for every machine
// (path inside -> path here).
func NewMachines(lanes Lanes, payload map[string]string) *Machines {
	return &Machines{lanes: lanes, payload: payload, idle: map[string]*booted{}}
}

// take returns an idle machine of the lane or boots one. Its state is read only
// for a story that gives the machine back.
func (s *Machines) take(ctx context.Context, lane string, reuse bool) (*booted, error) {
	s.mu.Lock()
	found := s.idle[lane]
	delete(s.idle, lane)
	s.mu.Unlock()
	if found != nil {
		return found, nil
	}
	options, err := s.lanes(lane)
	if err != nil {
		return nil, err
	}
	return s.boot(ctx, options, reuse)
}

// boot makes a new machine.
func (s *Machines) boot(ctx context.Context, options machine.Options, reuse bool) (*booted, error) {
	options.Payload = s.payload
	made, err := machine.New(ctx, options)
	if err != nil {
		return nil, err
	}
	b := &booted{Machine: made}
	if err := b.begin(ctx, reuse); err != nil {
		err = fmt.Errorf("%w\nthe console ends with:\n%s", err, tail(made.Console(), 60))
		return nil, errors.Join(err, made.Close())
	}
	return b, nil
}

// begin boots the machine and prepares it for a story.
func (b *booted) begin(ctx context.Context, reuse bool) error {
	if err := b.Boot(ctx); err != nil {
		return err
	}
	state, err := b.Settle(ctx)
	if err != nil {
		return err
	}
	if state != "running" {
		return fmt.Errorf("the machine is %s after its first boot:\n%s", state, b.Journal(ctx))
	}
	var out bytes.Buffer
	unpack := machine.Command{Args: []string{"guest", "payload", "/dev/disk/by-id/payload"}, Stderr: &out}
	status, err := b.Exec(ctx, unpack)
	if err != nil || status != 0 {
		return fmt.Errorf("cannot unpack the payload: %w %s", err, out.String())
	}
	if reuse {
		b.fresh, err = b.state(ctx)
	}
	return err
}

// state returns everything observable that a story may have changed.
func (b *booted) state(ctx context.Context) (string, error) {
	var out, errs bytes.Buffer
	command := machine.Command{
		Args:   []string{"bash", "-c", ". " + libraryInside + "; node_state"},
		Stdout: &out, Stderr: &errs, Timeout: 90 * time.Second,
	}
	status, err := b.Exec(ctx, command)
	if err == nil && status != 0 {
		err = fmt.Errorf("node_state ended with %d: %s", status, errs.String())
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the state of the machine: %w", err)
	}
	return out.String(), nil
}

// giveBack keeps the machine for the next story, or closes it. The error says
// that a story left the machine changed although its header says that it does
// not.
func (s *Machines) giveBack(ctx context.Context, lane string, b *booted, reuse bool) error {
	if !reuse {
		return b.Close()
	}
	now, err := b.state(ctx)
	if err == nil && now != b.fresh {
		err = fmt.Errorf("the story says \"reuse: yes\" but leaves the machine changed:\n%s", difference(b.fresh, now))
	}
	if err != nil {
		return errors.Join(err, b.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle[lane] != nil {
		return b.Close()
	}
	s.idle[lane] = b
	return nil
}

// Forget closes the idle machine, or the cluster, of a lane that no story needs any more.
func (s *Machines) Forget(lane string) error {
	s.mu.Lock()
	found := s.idle[lane]
	delete(s.idle, lane)
	var started *startedCluster
	if lane == machine.Cluster {
		started, s.cluster = s.cluster, nil
	}
	s.mu.Unlock()
	switch {
	case started != nil:
		return started.Close()
	case found != nil:
		return found.Close()
	}
	return nil
}

// difference returns the lines that are only in one of the texts.
func difference(before, after string) string {
	var out strings.Builder
	old, now := lineSet(before), lineSet(after)
	for line := range strings.Lines(before) {
		if !now[line] {
			fmt.Fprint(&out, "- ", line)
		}
	}
	for line := range strings.Lines(after) {
		if !old[line] {
			fmt.Fprint(&out, "+ ", line)
		}
	}
	return out.String()
}

func lineSet(text string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(text) {
		set[line] = true
	}
	return set
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.SplitAfter(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}
