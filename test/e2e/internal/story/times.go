package story

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Times collects what tellings took.
type Times struct {
	mu    sync.Mutex
	taken []taken
}

type taken struct {
	name          string
	told, machine time.Duration // telling it, and waiting for its machine before
}

func (t taken) String() string {
	return fmt.Sprintf("story %s: %.1f s, machine %.1f s", t.name, t.told.Seconds(), t.machine.Seconds())
}

func (t *Times) add(name string, told, machine time.Duration) taken {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := taken{name, told, machine}
	t.taken = append(t.taken, one)
	return one
}

// String has a line for each telling, the longest first, and before them one for all.
func (t *Times) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.taken)
	slices.SortFunc(all, func(a, b taken) int { return int(b.told + b.machine - a.told - a.machine) })
	var lines strings.Builder
	var told, machine time.Duration
	for _, one := range all {
		told, machine = told+one.told, machine+one.machine
		fmt.Fprintln(&lines, one)
	}
	return fmt.Sprintf("%d stories: %.0f s, machines %.0f s\n%s", len(all), told.Seconds(), machine.Seconds(), lines.String())
}
