package kubeletcfg

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestEachPlantedFaultIsFound(t *testing.T) {
	rows := load1(t)
	all := faults()
	if len(all) < 40 {
		t.Errorf("only %d faults", len(all))
	}
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			row, err := rows.Find(f.version)
			if err != nil {
				t.Fatal(err)
			}
			name := f.file
			if name == "" {
				name = "config.yaml"
			}
			before, after, placed := strings.Cut(f.text, "«")
			found := Lint([]Source{{name, []byte(before + after)}}, LintOptions{Row: row})
			line := strings.Count(before, "\n") + 1
			column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
			if f.rule == "syntax" {
				column = 0 // the parser returns only the line
			}
			ok := false
			for _, got := range found {
				if got.Rule != f.rule {
					if !strings.Contains(f.text, "mergeX") {
						t.Errorf("also found: %+v", got)
					}
					continue
				}
				if placed && (got.Line != line || column > 0 && got.Column != column) {
					t.Errorf("found at %d:%d, want %d:%d: %+v", got.Line, got.Column, line, column, got)
				}
				if got.File != name || got.Message == "" || !strings.Contains(got.Fix, f.fix) {
					t.Errorf("%+v: want a fix with %q", got, f.fix)
				}
				ok = true
			}
			if !ok {
				t.Errorf("not found: %+v", found)
			}
		})
	}
}

func TestCorrectFilesPassInSilence(t *testing.T) {
	rows := load1(t)
	all := correct()
	if len(all) < 20 {
		t.Errorf("only %d files", len(all))
	}
	for _, f := range all {
		row, err := rows.Find(f.version)
		if err != nil {
			t.Fatal(err)
		}
		if f.file == "" {
			f.file = "config.yaml"
		}
		if found := Lint([]Source{{f.file, []byte(f.text)}}, LintOptions{Row: row}); len(found) > 0 {
			t.Errorf("%s: %+v", f.name, found)
		}
	}
}

// Lint finds nothing in what swapctl itself writes.
func TestWhatIsWrittenPassesLint(t *testing.T) {
	goldens(t, func(r Row, q Request, name string) {
		text, err := r.Document(q)
		if err != nil {
			return
		}
		file := q.Kind.FileName()
		if found := Lint([]Source{{file, text}}, LintOptions{Row: r, CgroupVersion: q.CgroupVersion}); len(found) > 0 {
			t.Errorf("%s %s: %+v", r.Kubernetes, name, found)
		}
	})
}

// A patch is applied to the configuration that is given with it, and the result
// is judged.
func TestPatchesAreAppliedToWhatIsGiven(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	config := Source{"kubeadm.yaml", []byte(kubeadmHead("v1beta4", "InitConfiguration") + "---\n" + kubeletHead + "failSwapOn: false\nfeatureGates: {MemoryQoS: true}\n")}
	limited := Source{"patches/kubeletconfiguration0+merge.yaml", []byte("memorySwap: {swapBehavior: LimitedSwap}\n")}
	gate := Source{"patches/kubeletconfiguration1+json.yaml", []byte("- {op: replace, path: /featureGates/MemoryQoS, value: false}\n")}
	back := Source{"patches/kubeletconfiguration2.yaml", []byte("---\nfailSwapOn: true\n")}
	if found := Lint([]Source{config, limited, gate}, LintOptions{Row: row}); len(found) > 0 {
		t.Errorf("with what tolerates swap: %+v", found)
	}
	found := Lint([]Source{limited}, LintOptions{Row: row})
	if len(found) != 1 || found[0].Rule != "fail-swap-on" || !found[0].Warning || found[0].Line != 1 {
		t.Errorf("alone: %+v", found)
	}
	found = Lint([]Source{config, limited, gate, back}, LintOptions{Row: row})
	if len(found) != 1 || found[0].Rule != "fail-swap-on" || found[0].Warning || found[0].File != back.Name || found[0].Line != 2 || found[0].Column != 13 {
		t.Errorf("taken back: %+v", found)
	}
}

func TestTheVersionInAFile(t *testing.T) {
	for version, want := range map[string]string{
		"v1.34.2": "v1.34.2", "1.34.2": "1.34.2", "stable-1.34": "1.34", "latest-1.35": "1.35", "ci/latest-1.36": "1.36", "release/stable-1.33": "1.33",
		"ci/v1.37.0-alpha.1": "v1.37.0-alpha.1", "1.34": "1.34", "stable": "", "latest": "", "stable-1": "", "ci/latest": "",
	} {
		file := Source{Data: []byte(kubeadmHead("v1beta4", "ClusterConfiguration") + "kubernetesVersion: " + version + "\n")}
		if got := VersionIn([]Source{file}); got != want {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

// The gate is in the main file, the behavior in a drop-in file.
func TestFilesAreJudgedTogether(t *testing.T) {
	row, err := load1(t).Find("1.29")
	if err != nil {
		t.Fatal(err)
	}
	config := Source{"config.yaml", []byte(kubeletHead + "featureGates: {NodeSwap: true}\n")}
	dropin := Source{"conf.d/50.conf", []byte(kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n")}
	if found := Lint([]Source{config, dropin}, LintOptions{Row: row}); len(found) > 0 {
		t.Errorf("together: %+v", found)
	}
	if found := Lint([]Source{dropin}, LintOptions{Row: row}); len(found) != 1 || !found[0].Warning {
		t.Errorf("alone: %+v", found)
	}
	config.Data = []byte(kubeletHead)
	if found := Lint([]Source{config, dropin}, LintOptions{Row: row}); len(found) != 1 || found[0].Warning || found[0].File != dropin.Name {
		t.Errorf("without the gate: %+v", found)
	}
}

func TestCgroupV1IsFoundWhereItMatters(t *testing.T) {
	rows := load1(t)
	for version, want := range map[string]string{"1.34": "", "1.35": "cgroup-v1"} {
		row, err := rows.Find(version)
		if err != nil {
			t.Fatal(err)
		}
		found := Lint([]Source{{"config.yaml", []byte(kubeletHead)}}, LintOptions{Row: row, CgroupVersion: 1})
		if want == "" && len(found) > 0 || want != "" && (len(found) != 1 || found[0].Rule != want) {
			t.Errorf("%s: %+v", version, found)
		}
		found = Lint([]Source{{"config.yaml", []byte(kubeletHead + "failSwapOn: false\nfailCgroupV1: false\nmemorySwap: {swapBehavior: LimitedSwap}\n")}}, LintOptions{Row: row, CgroupVersion: 1})
		if len(found) != 1 || found[0].Rule != "swap-behavior" {
			t.Errorf("%s: %+v", version, found)
		}
	}
}

// FuzzLint: with any file, Lint ends, and reports places that exist.
func FuzzLint(f *testing.F) {
	for _, seed := range append(faults(), correct()...) {
		f.Add(strings.Replace(seed.text, "«", "", 1), seed.file)
	}
	row, err := load1(f).Find("1.34")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, found := range Lint([]Source{{name, []byte(text)}}, LintOptions{Row: row}) {
			if found.Line < 0 || found.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+strings.Count(text, "\u0085")+strings.Count(text, "\u2028")+strings.Count(text, "\u2029")+2 {
				t.Errorf("%+v", found)
			}
			if found.Message == "" || found.Fix == "" {
				t.Errorf("%+v says nothing", found)
			}
		}
	})
}

// FuzzAmounts: with any threshold or amount, Lint ends at once.
func FuzzAmounts(f *testing.F) {
	for _, text := range []string{"100Mi", "10%", "NaN%", "1e999999999", "-1", "1e-999999999", "0", "9e18Ei", "0x1p1000"} {
		f.Add(text)
	}
	rows := load1(f)
	f.Fuzz(func(t *testing.T, text string) {
		if fault := wrongThreshold(text); fault != "" && !strings.HasPrefix(fault, `"`) {
			t.Errorf("%q: %s", text, fault)
		}
		if wrongAmount(text) == "" && text == "" {
			t.Error("nothing is an amount")
		}
		if row, err := rows.Find(text); err == nil && text != "" && minor(row.Kubernetes) < 22 {
			t.Errorf("%q is %s", text, row.Kubernetes)
		}
	})
}

// TestAnAbsurdAmountIsNotComputed: the library takes gigabytes for these.
func TestAnAbsurdAmountIsNotComputed(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"1e999999999", "1e-999999999", "-1e99999999", strings.Repeat("9", 1<<18)} {
		config := kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\nevictionHard: {memory.available: \"" + text + "\"}\nsystemReserved: {memory: \"" + text + "\"}\n"
		began := time.Now()
		var rules []string
		for _, found := range Lint([]Source{{"config.yaml", []byte(config)}}, LintOptions{Row: row, CgroupVersion: 2}) {
			rules = append(rules, found.Rule)
		}
		if !slices.Contains(rules, "eviction") || !slices.Contains(rules, "reserved") {
			t.Errorf("%.20s: only %q was found", text, rules)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.20s: it took %v", text, took)
		}
	}
}

// Every documented rule finds something, and there are no other rules.
func TestEveryRuleHasAFault(t *testing.T) {
	seen := map[string]bool{"cgroup-v1": true, "provisioner": true, "template": true} // these have their own tests
	for _, f := range faults() {
		seen[f.rule] = true
	}
	for _, rule := range Rules() {
		if !seen[rule[0]] {
			t.Errorf("%s has no fault", rule[0])
		}
		delete(seen, rule[0])
	}
	for rule := range seen {
		t.Errorf("%s is not told of", rule)
	}
}
