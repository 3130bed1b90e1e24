package story

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Times collects how long runs took.
type Times struct {
	mu    sync.Mutex
	taken []taken
}

type taken struct {
	name          string
	took, machine time.Duration // how long the run took, and how long it waited for its machine before
}

func (t taken) String() string {
	return fmt.Sprintf("story %s: %.1f s, machine %.1f s", t.name, t.took.Seconds(), t.machine.Seconds())
}

func (t *Times) add(name string, took, machine time.Duration) taken {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := taken{name, took, machine}
	t.taken = append(t.taken, one)
	return one
}

// String formats the total in one line, then one line for each run, the longest
// first.
func (t *Times) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.taken)
	slices.SortFunc(all, func(a, b taken) int { return int(b.took + b.machine - a.took - a.machine) })
	var lines strings.Builder
	var took, machine time.Duration
	for _, one := range all {
		took, machine = took+one.took, machine+one.machine
		fmt.Fprintln(&lines, one)
	}
	return fmt.Sprintf("%d stories: %.0f s, machines %.0f s\n%s", len(all), took.Seconds(), machine.Seconds(), lines.String())
}
