package kernel_test

import (
	"testing"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

// TestTheKernelPromisesNoMoreThanItHas in mode 2 alone, and there it counts the whole
// area and not what is in use of it.
func TestTheKernelPromisesNoMoreThanItHas(t *testing.T) {
	const meminfo = "-- proc/meminfo --\nMemTotal: 8000000 kB\nCommitLimit:     6000 kB\nCommitted_AS:    4000 kB\n"
	for _, test := range []struct {
		mode, memory string
		areaKiB      int64
		want         bool
	}{
		{"2", meminfo, 1999, false},
		{"2", meminfo, 2000, true},
		{"0", meminfo, 4000, false},
		{"1", meminfo, 4000, false},
	} {
		h := kerneltest.New(t, []byte("-- proc/sys/vm/overcommit_memory --\n"+test.mode+"\n"+test.memory))
		c, err := kernel.ReadCommit(h)
		if err != nil || c.Forbids(test.areaKiB<<10) != test.want {
			t.Errorf("mode %s, %d KiB: %+v, %v", test.mode, test.areaKiB, c, err)
		}
	}
	if c, err := kernel.ReadCommit(kerneltest.New(t, []byte("-- proc/meminfo --\n"))); err != nil || c.Strict {
		t.Errorf("without the setting: %+v, %v", c, err)
	}
	if _, err := kernel.ReadCommit(kerneltest.New(t, []byte("-- proc/sys/vm/overcommit_memory --\n2\n-- proc/meminfo --\nCommitLimit: much kB\n"))); err == nil {
		t.Error("no error of a figure that is none")
	}
}
