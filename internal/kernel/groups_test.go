package kernel_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kernel"
)

func TestTightGroupsAreThoseThatCouldNotTakeTheirSwapBack(t *testing.T) {
	n := hosttest.New(t)
	group := func(path, swap, limit, anon string) {
		dir := "/sys/fs/cgroup" + path
		n.WriteFile(dir+"/memory.swap.current", swap+"\n", 0o444)
		n.WriteFile(dir+"/memory.max", limit+"\n", 0o644)
		n.WriteFile(dir+"/memory.stat", "anon "+anon+"\nfile 4096\n", 0o444)
	}
	group("/kubepods.slice", "3000", "max", "5000")
	group("/kubepods.slice/pod1", "1000", "1500", "600")
	group("/kubepods.slice/pod1/tight", "900", "800", "600")
	group("/kubepods.slice/pod2", "2000", "9000", "4000")
	group("/system.slice", "0", "10", "5")
	group("/system.slice/never", "900", "1", "5") // cannot be: its parent has nothing in swap
	got, err := kernel.TightGroups(n.Host())
	if err != nil {
		t.Fatal(err)
	}
	want := []kernel.Group{
		{Path: "/kubepods.slice/pod1/tight", SwapBytes: 900, MemoryBytes: 600, LimitBytes: 800},
		{Path: "/kubepods.slice/pod1", SwapBytes: 1000, MemoryBytes: 600, LimitBytes: 1500},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWithoutGroupsNoneIsTight(t *testing.T) {
	got, err := kernel.TightGroups(hosttest.New(t).Host())
	if err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestGroupsBelowAContainersOwnAreNotWalked: a container can make them as deep as
// it likes.
func TestGroupsBelowAContainersOwnAreNotWalked(t *testing.T) {
	n := hosttest.New(t)
	at := "/kubepods.slice"
	for range 30 {
		for file, text := range map[string]string{"memory.swap.current": "900", "memory.max": "800", "memory.stat": "anon 600"} {
			n.WriteFile("/sys/fs/cgroup"+at+"/"+file, text+"\n", 0o444)
		}
		at += "/sub"
	}
	if got, err := kernel.TightGroups(n.Host()); err != nil || len(got) != 12 {
		t.Errorf("%d groups, %v", len(got), err)
	}
}
