package machine

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestEachMachineRunsOnOneProcessor(t *testing.T) {
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	var c cpus
	used := map[unix.CPUSet]int{}
	for range 2 * all.Count() {
		proc, err := c.start(exec.Command("sleep", "60"), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer proc.kill()
		var its unix.CPUSet
		if err := unix.SchedGetaffinity(proc.cmd.Process.Pid, &its); err != nil || its.Count() != 1 {
			t.Fatalf("it may run on %d processors, want 1 (%v)", its.Count(), err)
		}
		used[its]++
	}
	for its, machines := range used {
		if machines != 2 || len(used) != all.Count() {
			t.Errorf("%d of %d machines run on processor %v of %d, want 2 on each", machines, 2*all.Count(), its, all.Count())
		}
	}
}
