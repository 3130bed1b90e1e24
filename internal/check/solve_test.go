package check

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
	"github.com/swapctl/swapctl/internal/systemd"
)

// nodes are the captured machines of testdata, by name.
func nodes(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/nodes/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no nodes: %v", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txtar")] = data
	}
	return all
}

// TestMarksAreThoseOfRealKernels works out the watermarks of the captured
// machines from their settings, and holds them against what their kernels have.
func TestMarksAreThoseOfRealKernels(t *testing.T) {
	compared := 0
	for name, data := range nodes(t) {
		f, err := Read(context.Background(), kerneltest.New(t, data), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		minFree, ok1 := f.Tuning.MinFree.Number()
		scale, ok2 := f.Tuning.ScaleFactor.Number()
		if f.Tuning.ZonesErr != nil || !ok1 || !ok2 {
			continue
		}
		compared++
		if diff := cmp.Diff(f.Tuning.Zones, setMarks(f.Tuning.Zones, minFree, scale, f.PageBytes)); diff != "" {
			t.Errorf("%s (-kernel +worked out):\n%s", name, diff)
		}
	}
	if compared < 4 {
		t.Errorf("only %d machines were compared", compared)
	}
}

func TestZonesOnlyForUsersHaveMarksOfTheirOwn(t *testing.T) {
	set := setMarks([]kernel.Zone{
		{Name: "Normal", ManagedPages: 1 << 20}, {Name: "Movable", ManagedPages: 1 << 20}, {Name: "HighMem", ManagedPages: 100},
	}, 4096, 10, 4096)
	if set[0].MinPages != 1024 || set[1].MinPages != 128 || set[2].MinPages != 32 {
		t.Errorf("min pages %d, %d, %d", set[0].MinPages, set[1].MinPages, set[2].MinPages)
	}
	if set[1].LowPages != 128+1048 {
		t.Errorf("low of Movable is %d", set[1].LowPages)
	}
}

// TestTheRemedyIsOne: whatever the node, with either value of the remedy the
// same arithmetic says SwapFirst.
func TestTheRemedyIsOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	fixed := map[string]int{}
	for range 20000 {
		f := ready()
		f.Memory.TotalBytes = 1<<30 + rng.Int64N(3<<30)
		if rng.IntN(2) == 0 {
			f.Memory.TotalBytes += rng.Int64N(256 << 30)
		}
		most := int64(3000)
		if rng.IntN(3) == 0 {
			f.Release.Value, most = "5.15.0", 1000
		}
		used := f.Memory.TotalBytes / 10
		f.Use = kernel.MemoryUse{FreeBytes: f.Memory.TotalBytes - used, AnonBytes: used * rng.Int64N(10) / 10}
		f.Tuning.MinFree.Value = strconv.FormatInt(1024+rng.Int64N(600000), 10)
		f.Tuning.ScaleFactor.Value = strconv.FormatInt(1+rng.Int64N(1000), 10)
		f.Kubelet.Config.EvictionHard["memory.available"] = strconv.FormatInt(1+rng.Int64N(4096), 10) + "Mi"
		if rng.IntN(2) == 0 {
			f.Kubelet.Config.SystemReserved = map[string]string{"memory": strconv.FormatInt(rng.Int64N(2048)+1, 10) + "Mi"}
			f.Groups.SystemBytes = rng.Int64N(4 << 30)
		}
		e, err := solve(f)
		if err != nil {
			t.Fatal(err)
		}
		if (e.Verdict == SwapFirst) && e.Fix != nil {
			t.Fatalf("a remedy where nothing is wrong: %+v", e)
		}
		if e.Fix == nil {
			continue
		}
		if n := e.Fix.WatermarkScaleFactor; n != nil && *n > most {
			t.Fatalf("this kernel does not take %d", *n)
		}
		if e.Fix.Together {
			f.Tuning.ScaleFactor.Value = strconv.FormatInt(*e.Fix.WatermarkScaleFactor, 10)
			fixed["both"]++
		} else if n := e.Fix.WatermarkScaleFactor; n != nil {
			again := f
			again.Tuning.ScaleFactor.Value = strconv.FormatInt(*n, 10)
			if e2, err := solve(again); err != nil || e2.Verdict != SwapFirst {
				t.Fatalf("vm.watermark_scale_factor=%d gives %s (%v)\nbefore %+v\nafter %+v", *n, e2.Verdict, err, e, e2)
			}
			fixed["factor"]++
		}
		if hard := e.Fix.EvictionHard; hard != "" {
			f.Kubelet.Config.EvictionHard["memory.available"] = hard
			if e2, err := solve(f); err != nil || e2.Verdict != SwapFirst {
				t.Fatalf("evictionHard %s gives %s (%v)\nbefore %+v\nafter %+v", hard, e2.Verdict, err, e, e2)
			}
			fixed["hard"]++
		}
	}
	if fixed["factor"] < 500 || fixed["hard"] < 1000 || fixed["both"] < 50 {
		t.Errorf("too little was tried: %v", fixed)
	}
}

// TestReservedMemoryEvictsEarly: pods that have used up what is left to them are
// evicted while the node has memory, and the kernel then has no reason to swap.
func TestReservedMemoryEvictsEarly(t *testing.T) {
	f := ready()
	f.Kubelet.Config.SystemReserved = map[string]string{"memory": "1Gi"}
	f.Kubelet.Config.KubeReserved = map[string]string{"memory": "1Gi"}
	f.Groups.SystemBytes = 500 << 20
	e, err := solve(f)
	if err != nil {
		t.Fatal(err)
	}
	if e.Verdict != EvictFirst || e.PodsLevelBytes == nil || *e.PodsLevelBytes != 2<<30+100<<20-500<<20 {
		t.Errorf("%+v", e)
	}
	if !strings.HasPrefix(e.hint(), "reserve less") {
		t.Errorf("hint %q", e.hint())
	}
	f.Groups.SystemBytes = 3 << 30 // they use more than was reserved: the node runs short first
	if e, err = solve(f); err != nil || e.Verdict != SwapFirst || *e.PodsLevelBytes != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestTheKernelsOwnMemoryCountsAsAvailable: with a gigabyte of it, memory is used
// up long before memory.available falls to 100 MiB.
func TestTheKernelsOwnMemoryCountsAsAvailable(t *testing.T) {
	f := ready()
	f.Use.AnonBytes -= 1 << 30
	e, err := solve(f)
	if err != nil || e.Verdict != NeverEvicts || e.KernelBytes != 1<<30 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestLevelsAreInOrder(t *testing.T) {
	f := ready()
	f.Kubelet.Config.EvictionSoft = map[string]string{"memory.available": "500Mi"}
	e, err := solve(f)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, l := range e.Levels {
		names = append(names, l.Name)
		if i > 0 && l.FreeBytes > e.Levels[i-1].FreeBytes {
			t.Errorf("%s stands below %s", l.Name, e.Levels[i-1].Name)
		}
	}
	if got := strings.Join(names, " "); got != "evictionSoft high low evictionHard min" {
		t.Error(got)
	}
}

func TestZeroMeansNoEviction(t *testing.T) {
	for _, value := range []string{"", "0%", "100%"} {
		f := ready()
		f.Kubelet.Config.EvictionHard["memory.available"] = value
		if e, err := solve(f); err != nil || e.Verdict != NoEviction {
			t.Errorf("%q: %s, %v", value, e.Verdict, err)
		}
	}
}

func TestTheScriptHoldsItsEvidenceInComments(t *testing.T) {
	f := ready()
	f.Tuning.Swappiness.Value = "0"
	f.Kubelet.Config.EvictionHard["memory.available"] = "200Mi"
	f.Runtime = Runtime{Name: "containerd", Version: "1.5.0", From: "/x\nrm -rf /"}
	script := Judge(f, Options{}).Script()
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "rm") {
			t.Errorf("evidence became a command:\n%s", script)
		}
	}
	for _, want := range []string{"sysctl -w vm.swappiness=60\n", "sysctl -w vm.watermark_scale_factor=", "# by hand: upgrade it to 1.6 or later\n"} {
		if !strings.Contains(script, want) {
			t.Errorf("%q is missing in\n%s", want, script)
		}
	}
	if script := Judge(ready(), Options{}).Script(); !strings.Contains(script, "# There is nothing to fix.") {
		t.Errorf("a ready node: %s", script)
	}
}

func TestTheScriptHasTheCommandsOfEachFinding(t *testing.T) {
	for want, change := range map[string]func(*Facts){
		"systemctl set-property system.slice MemorySwapMax=0\n":    func(f *Facts) { f.Groups.SystemSwap.Value = "max" },
		"systemctl unmask swap.target\n":                           func(f *Facts) { f.Boot.Masked = []string{"/etc/systemd/system/swap.target"} },
		"# by hand: take systemd.swap=0 off the kernel command li": func(f *Facts) { f.Boot.GenOff = "systemd.swap=0" },
		"echo N > /sys/module/zswap/parameters/enabled\n":          func(f *Facts) { f.Tuning.Zswap.Value = "Y" },
		"systemctl restart kubelet.service\n":                      func(f *Facts) { f.Kubelet.Started = 1 },
		"# by hand: restart the kubelet\n":                         func(f *Facts) { f.Kubelet.Started, f.Kubelet.Unit = 1, "" },
	} {
		f := ready()
		change(f)
		if script := Judge(f, Options{}).Script(); !strings.Contains(script, "\n"+want) {
			t.Errorf("%q is missing in\n%s", want, script)
		}
	}
}

// TestTheFixScriptWins: what it writes is what the next boot sets, whatever else is in
// sysctl.d.
func TestTheFixScriptWins(t *testing.T) {
	f := ready()
	for others, want := range map[string]string{
		"":                              "80-swapctl-check-swappiness.conf",
		"/etc/sysctl.d/50-x.conf":       "80-swapctl-check-swappiness.conf",
		"/etc/sysctl.d/k8s.conf":        "k8s.swapctl.conf",
		"/etc/sysctl.d/99-sysctl.conf":  "99-sysctl.swapctl.conf",
		"/etc/sysctl.d/90-swapctl.conf": "90-swapctl.swapctl.conf",
	} {
		f.Tuning.Sysctls = nil
		if others != "" {
			f.Tuning.Sysctls = systemd.Sysctls{{Key: "vm/swappiness", Value: "0", File: others, Line: 1}}
		}
		if got := f.setSysctl("vm.swappiness", 60); got[1] != "echo 'vm.swappiness = 60' > /etc/sysctl.d/"+want {
			t.Errorf("beside %q: %s", others, got[1])
		}
	}
}
