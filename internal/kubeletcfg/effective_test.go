package kubeletcfg

import (
	"slices"
	"strings"
	"testing"
)

func source(name, body string) Source { return Source{name, []byte(kubeletHead + body)} }

func TestTheStrongerSourceWins(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	config := source("config.yaml", "failSwapOn: true\nmemorySwap: {swapBehavior: NoSwap}\nfeatureGates: {A: true, B: true}\nevictionHard: {memory.available: 1Gi}\nsystemReserved: {memory: 1Gi, cpu: 1m}\n")
	dropins := []Source{
		source("10.conf", "failSwapOn: false\nfeatureGates: {B: false}\nevictionHard: {pid.available: 5%}\n"),
		source("20.conf", "memorySwap: {swapBehavior: LimitedSwap}\n"),
	}
	flags := []string{"/usr/bin/kubelet", "--config", "config.yaml", "--feature-gates=C=true,A=false", "--eviction-hard", "memory.available<5%,nodefs.available<1%", "--system_reserved=memory=2Gi"}
	e, err := row.Effective(Inputs{&config, dropins, flags})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][2]string{
		"failSwapOn":   {e.FailSwapOnFrom, "10.conf"},
		"swapBehavior": {e.SwapBehavior + " " + e.SwapBehaviorFrom, "LimitedSwap 20.conf"},
		"A":            {e.GatesFrom["A"], "--feature-gates"},
		"B":            {e.GatesFrom["B"], "10.conf"},
		"C":            {e.GatesFrom["C"], "--feature-gates"},
		"eviction":     {e.EvictionHard["memory.available"] + e.EvictionHard["pid.available"] + e.EvictionHard["nodefs.available"], "5%1%"},
		"eviction's":   {e.EvictionHardFrom["memory.available"], "--eviction-hard"},
		"reserved":     {e.SystemReserved["memory"] + e.SystemReserved["cpu"], "2Gi"},
		"sources":      {strings.Join(e.Sources, " "), "config.yaml 10.conf 20.conf"},
		"cgroup":       {e.FailCgroupV1From, Default},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", name, got[0], got[1])
		}
	}
	if e.FailSwapOn || e.Gates["A"] || e.Gates["B"] || !e.Gates["C"] || e.FailCgroupV1 || !e.NodeSwap {
		t.Errorf("%+v", e)
	}
	e, err = row.Effective(Inputs{&config, dropins, append(flags, "--fail-swap-on", "false")})
	if err != nil || !e.FailSwapOn || e.FailSwapOnFrom != "--fail-swap-on" {
		t.Errorf("--fail-swap-on takes no word behind it: %+v, %v", e, err)
	}
}

// How a drop-in file is merged differs by version.
func TestEachVersionMergesInItsOwnWay(t *testing.T) {
	rows := load1(t)
	for _, test := range []struct {
		version, config, dropin string
		fails                   bool
		from, hard              string
	}{
		{"1.28", "", "failSwapOn: false\n", true, Default, "100Mi"},
		{"1.28", "failSwapOn: false\n", "memorySwap: {}\n", true, "10.conf", "100Mi"},
		{"1.28", "evictionHard: {memory.available: 1Gi}\n", "{}\n", true, "10.conf", "100Mi"},
		{"1.29", "", "failSwapOn: false\n", false, "10.conf", "100Mi"},
		{"1.30", "failSwapOn: false\n", "failSwapOn: null\n", false, "config.yaml", "100Mi"},
		{"1.31", "", "evictionHard: {memory.available: 1Gi}\n", true, Default, "1Gi"},
		{"1.32", "failSwapOn: false\n", "failSwapOn: null\n", true, Default, "100Mi"},
		{"1.34", "evictionHard: {pid.available: 5%}\n", "failSwapOn: false\n", false, "10.conf", ""},
		{"1.34", "evictionHard: {pid.available: 5%}\nmergeDefaultEvictionSettings: true\n", "failSwapOn: false\n", false, "10.conf", "100Mi"},
		{"1.34", "", "failswapon: false\n", false, "10.conf", "100Mi"},
		{"1.34", "failswapon: false\n", "memorySwap: {}\n", true, Default, "100Mi"},
	} {
		row, err := rows.Find(test.version)
		if err != nil {
			t.Fatal(err)
		}
		config := source("config.yaml", test.config)
		dropin := source("10.conf", strings.Replace(test.dropin, "{}\n", "cgroupDriver: systemd\n", 1))
		if strings.Contains(test.dropin, "memorySwap") {
			dropin = source("10.conf", test.dropin)
		}
		e, err := row.Effective(Inputs{Config: &config, Dropins: []Source{dropin}})
		if err != nil || e.FailSwapOn != test.fails || e.FailSwapOnFrom != test.from || e.EvictionHard["memory.available"] != test.hard {
			t.Errorf("%s, %q, %q: failSwapOn %v (%s), %v, %v", test.version, test.config, test.dropin, e.FailSwapOn, e.FailSwapOnFrom, e.EvictionHard, err)
		}
	}
}

// A merge key overrides what is above it, and of several mappings the first has
// precedence (go.yaml.in/yaml/v2, which sigs.k8s.io/yaml uses).
func TestAMergeKeyCountsAsForTheKubelet(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for body, fails := range map[string]bool{
		"failSwapOn: false\n<<: {failSwapOn: true}\n":                               true,
		"<<: {failSwapOn: true}\nfailSwapOn: false\n":                               false,
		"failSwapOn: false\n<<: [{failSwapOn: true}, {failSwapOn: false}]\n":        true,
		"failSwapOn: true\n<<: [{failSwapOn: false}, {failSwapOn: true}]\n":         false,
		"a: &a {failSwapOn: true}\nfailSwapOn: false\n<<: *a\n":                     true,
		"<<: {failSwapOn: false}\n<<: {failSwapOn: true}\n":                         true,
		"<<: {<<: {failSwapOn: true}, failSwapOn: false}\nfailCgroupV1: false\n":    false,
		"memorySwap: {}\n<<: [{failSwapOn: false}]\n":                               false,
		"failSwapOn: true\n<<: [{maxPods: 5}, {failSwapOn: false}, {maxPods: 6}]\n": false,
		"<<: [{failSwapOn: true}]\nmemorySwap: {<<: {swapBehavior: LimitedSwap}}\n": true,
	} {
		config := source("config.yaml", body)
		e, err := row.Effective(Inputs{Config: &config})
		if err != nil || e.FailSwapOn != fails {
			t.Errorf("%q: failSwapOn %v, want %v (%v)", body, e.FailSwapOn, fails, err)
		}
	}
	found := Lint([]Source{source("config.yaml", "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n<<: {failSwapOn: true}\n")}, LintOptions{Row: row})
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Rule == "fail-swap-on" && !f.Warning }) {
		t.Errorf("lint: %+v", found)
	}
}

func TestWithoutFilesNothingIsEvictedFor(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	e, err := row.Effective(Inputs{Flags: []string{"--fail-swap-on=false", "--feature-gates=NodeSwap=false"}})
	if err != nil || len(e.EvictionHard) > 0 || e.FailSwapOn || e.NodeSwap || len(e.Fatals()) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestWhatStopsTheKubeletIsTold(t *testing.T) {
	rows := load1(t)
	for _, test := range []struct{ version, body, field string }{
		{"1.29", "memorySwap: {swapBehavior: LimitedSwap}\n", "memorySwap.swapBehavior"},
		{"1.30", "memorySwap: {swapBehavior: UnlimitedSwap}\n", "memorySwap.swapBehavior"},
		{"1.34", "featureGates: {NodeSwap: false}\n", "featureGates.NodeSwap"},
		{"1.34", "failSwapOn: \"false\"\n", "failSwapOn"},
		{"1.34", "evictionHard: {memory.available: 5}\n", "evictionHard"},
		{"1.34", "kind: X\n", "kind"},
	} {
		row, err := rows.Find(test.version)
		if err != nil {
			t.Fatal(err)
		}
		config := source("config.yaml", test.body)
		e, err := row.Effective(Inputs{Config: &config})
		fatals := e.Fatals()
		if err != nil || len(fatals) != 1 || fatals[0].Field != test.field || fatals[0].Fix == "" || !strings.HasPrefix(fatals[0].String(), "config.yaml") {
			t.Errorf("%s %q: %v, %v", test.version, test.body, fatals, err)
		}
	}
	row, err := rows.Find("1.27")
	if err != nil {
		t.Fatal(err)
	}
	if e, err := row.Effective(Inputs{Dropins: []Source{source("10.conf", "failSwapOn: false\n")}}); err != nil || len(e.Fatals()) != 1 {
		t.Errorf("1.27 took a drop-in: %+v, %v", e, err)
	}
	if _, err := row.Effective(Inputs{Config: &Source{"config.yaml", []byte("a: [")}}); err == nil || !strings.HasPrefix(err.Error(), "config.yaml:1") {
		t.Errorf("%v", err)
	}
}

// All gates of a stage at once: AllAlpha and AllBeta.
func TestGatesOfAStage(t *testing.T) {
	rows := load1(t)
	for _, test := range []struct {
		version, gates string
		on             bool
	}{
		{"1.27", "AllAlpha: true", true}, {"1.27", "AllBeta: true", false}, {"1.28", "AllBeta: true", true}, {"1.31", "AllBeta: false", false},
		{"1.31", "AllBeta: false, NodeSwap: true", true}, {"1.34", "AllBeta: false", true}, {"1.34", "", true}, {"1.29", "", false},
	} {
		row, err := rows.Find(test.version)
		if err != nil {
			t.Fatal(err)
		}
		config := source("c", "featureGates: {"+test.gates+"}\n")
		if e, err := row.Effective(Inputs{Config: &config}); err != nil || e.NodeSwap != test.on {
			t.Errorf("%s %s: %v, %v", test.version, test.gates, e.NodeSwap, err)
		}
	}
}

func TestEveryRefusalNamesAWayOut(t *testing.T) {
	for _, r := range load1(t) {
		for _, behavior := range Behaviors() {
			for _, cgroup := range []int{0, 1, 2} {
				err := r.CanSwap(Desired{behavior, cgroup})
				if err == nil {
					continue
				}
				near, ok := r.nearest(Desired{behavior, cgroup})
				if !ok || near.CanSwap(Desired{behavior, cgroup}) != nil {
					t.Errorf("%s %s cgroup %d: %v", r.Kubernetes, behavior, cgroup, err)
				}
			}
		}
	}
}

// The new columns, written a second time by hand.
func TestTheRowsSayWhatKubeadmReads(t *testing.T) {
	for _, row := range load1(t) {
		n := minor(row.Kubernetes)
		for name, span := range map[string][2]int{"v1beta2": {0, 26}, "v1beta3": {22, 36}, "v1beta4": {28, 99}, "v1": {37, 99}} {
			if _, ok := row.Kubeadm.API(name); ok != (span[0] <= n && n <= span[1]) {
				t.Errorf("%s: %s known: %v", row.Kubernetes, name, ok)
			}
		}
		api, _ := row.Kubeadm.API(row.Kubeadm.Config)
		if (api.ExtraArgs == ArgsList) != (n >= 31) || (row.Kubeadm.Preflight == PreflightError) != (n == 22) || row.Kubeadm.Patches != (n >= 25) {
			t.Errorf("%s: %+v", row.Kubernetes, row.Kubeadm)
		}
		if row.CanDropin() != (n >= 29) || (row.DropinDir.Env != "") != (n == 28 || n == 29) || row.MergeEviction != (n >= 33) || row.NoswapTmpfs != (n >= 31) {
			t.Errorf("%s: %+v", row.Kubernetes, row)
		}
	}
}

func FuzzEffective(f *testing.F) {
	for _, seed := range faults() {
		f.Add(strings.Replace(seed.text, "«", "", 1), "--fail-swap-on=false --feature-gates a=b,")
	}
	row, err := load1(f).Find("1.34")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, flags string) {
		s := Source{"f", []byte(text)}
		for _, in := range []Inputs{{Config: &s}, {Dropins: []Source{s}}, {Config: &s, Dropins: []Source{s}}} {
			in.Flags = strings.Fields(flags)
			if e, err := row.Effective(in); err == nil && e.FailSwapOnFrom == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}
