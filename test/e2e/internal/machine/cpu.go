package machine

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"

	"golang.org/x/sys/unix"
)

// processors are those that this program may use.
var processors cpus

// cpus keeps each machine on one processor. The kernel and the programs of a
// User-Mode Linux are processes that run by turns: on the same processor a
// machine needs a third less time.
type cpus struct {
	mu       sync.Mutex
	machines map[int]int // processor -> machines that run on it
}

// start starts the command on the processor that has the fewest machines, for as long as it runs.
func (c *cpus) start(cmd *exec.Cmd, network *Network) (*process, error) {
	cpu, err := c.take()
	if err != nil {
		return nil, err
	}
	proc, err := start(cmd, network)
	if err != nil {
		c.giveBack(cpu)
		return nil, err
	}
	go func() {
		<-proc.done
		c.giveBack(cpu)
	}()
	var only unix.CPUSet
	only.Set(cpu)
	// The processes that it starts from now on inherit this. If it has ended
	// already, the caller notices.
	if err := unix.SchedSetaffinity(cmd.Process.Pid, &only); err != nil && !errors.Is(err, unix.ESRCH) {
		proc.kill()
		return nil, fmt.Errorf("cannot keep a machine on one processor: %w", err)
	}
	return proc, nil
}

// take chooses a processor.
func (c *cpus) take() (int, error) {
	var usable unix.CPUSet
	if err := unix.SchedGetaffinity(0, &usable); err != nil {
		return 0, fmt.Errorf("cannot ask which processors may be used: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.machines == nil {
		c.machines = map[int]int{}
	}
	best := -1
	for cpu := range len(usable) * 64 {
		if usable.IsSet(cpu) && (best < 0 || c.machines[cpu] < c.machines[best]) {
			best = cpu
		}
	}
	c.machines[best]++
	return best, nil
}

func (c *cpus) giveBack(cpu int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machines[cpu]--
}
