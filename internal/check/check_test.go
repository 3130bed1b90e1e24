package check

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kernel"
)

// TestEveryOutcomeHasACase: what a check may say, it says of some node below, and
// it says nothing else of any. A check that may be skipped for what it needs is
// skipped for each of these.
func TestEveryOutcomeHasACase(t *testing.T) {
	seen := map[string]map[Status]bool{}
	for _, c := range Catalogue() {
		seen[c.ID] = map[Status]bool{}
	}
	for _, o := range outcomes() {
		t.Run(o.id+"/"+string(o.want)+"/"+o.name, func(t *testing.T) {
			f := ready()
			if o.change != nil {
				o.change(f)
			}
			r := one(t, f, o.id)
			if r.Status != o.want {
				t.Errorf("says %s: %s", r.Status, r.Found)
			}
			if !strings.Contains(r.Found, o.found) {
				t.Errorf("found %q, want %q in it", r.Found, o.found)
			}
			if (r.Status == Warn || r.Status == Fail || r.Status == Unknown) != (r.Hint != "") {
				t.Errorf("%s with the hint %q", r.Status, r.Hint)
			}
			if r.Found == "" || strings.ContainsAny(r.Found+r.Hint, "\n") {
				t.Errorf("evidence %q, hint %q: want one line", r.Found, r.Hint)
			}
			if _, known := seen[o.id]; known {
				seen[o.id][o.want] = true
			}
		})
	}
	for _, c := range Catalogue() {
		for _, s := range c.Says {
			if !seen[c.ID][s] {
				t.Errorf("%s may say %s, and no case shows it", c.ID, s)
			}
		}
		for s := range seen[c.ID] {
			if !slices.Contains(c.Says, s) && (s != Skip && s != Unknown || len(c.Needs) == 0) {
				t.Errorf("%s says %s, which it does not declare", c.ID, s)
			}
		}
	}
}

func one(t *testing.T, f *Facts, id string) Result {
	t.Helper()
	r := Judge(f, Options{Only: []string{id}})
	if len(r.Checks) != 1 {
		t.Fatalf("%d results for %s", len(r.Checks), id)
	}
	return r.Checks[0]
}

// TestOneCauseOneComplaint: a check is skipped when any check it needs failed,
// and names the one that is to blame.
func TestOneCauseOneComplaint(t *testing.T) {
	blamed := 0
	for _, c := range Catalogue() {
		for _, need := range c.Needs {
			for _, o := range outcomes() {
				if o.id != need || o.want != Fail {
					continue
				}
				f := ready()
				o.change(f)
				r := Judge(f, Options{Only: []string{need, c.ID}})
				if r.Checks[1].Status != Skip || r.Checks[1].Found != "see "+need || r.Summary.Fail != 1 {
					t.Errorf("%s after %s (%s) failed: %+v", c.ID, need, o.name, r.Checks[1])
				}
				blamed++
			}
		}
	}
	if blamed < 10 {
		t.Errorf("only %d pairs were tried", blamed)
	}
	f := ready()
	f.Areas = nil
	for _, r := range Judge(f, Options{}).Checks {
		if strings.HasPrefix(r.ID, "swap-before") && r.Found != "see swap-active" {
			t.Errorf("%s blames %q, not the root of it", r.ID, r.Found)
		}
	}
}

// TestWhatCannotBeSeenIsNoPass: where a check is unknown, so is all that needs it,
// also by way of another one, with the same reason and the same way out.
func TestWhatCannotBeSeenIsNoPass(t *testing.T) {
	passed := 0
	for _, c := range Catalogue() {
		for _, need := range c.Needs {
			for _, o := range outcomes() {
				if o.id != need || o.want != Unknown {
					continue
				}
				f := ready()
				o.change(f)
				r := Judge(f, Options{Only: []string{need, c.ID}})
				if r.Checks[1].Status != Unknown || !strings.HasPrefix(r.Checks[1].Found, "see ") || !strings.Contains(r.Checks[1].Found, o.found) || r.Checks[1].Hint != r.Checks[0].Hint {
					t.Errorf("%s after %s (%s) is unknown: %+v", c.ID, need, o.name, r.Checks[1])
				}
				passed++
			}
		}
	}
	if passed < 10 {
		t.Errorf("only %d pairs were tried", passed)
	}
	f := ready()
	noSwap(f)
	f.SwapsErr = fs.ErrPermission
	for _, id := range []string{"swap-before-kubelet", "control-plane", "zram", "swap-stale-plaintext", "tmpfs-noswap"} {
		f.Kubelet.ControlPlane = "a static pod"
		f.Release.Value = "6.1.0"
		if r := one(t, f, id); r.Status == Pass {
			t.Errorf("%s passes over areas that were not seen: %s", id, r.Found)
		}
	}
}

func TestNeedsComeFirst(t *testing.T) {
	at := map[string]int{}
	for i, c := range Catalogue() {
		if _, twice := at[c.ID]; twice {
			t.Errorf("%s is there twice", c.ID)
		}
		at[c.ID] = i
		for _, need := range c.Needs {
			if _, before := at[need]; !before {
				t.Errorf("%s needs %s, which does not come before it", c.ID, need)
			}
		}
		if c.Title == "" || c.Want == "" || !strings.HasSuffix(c.Why, ".") || len(c.Says) < 2 {
			t.Errorf("%s is not told in full: %+v", c.ID, c)
		}
	}
}

// contract are the IDs that must exist for ever.
const contract = `kernel-version cgroup-v2 swap-controller tmpfs-noswap tmpfs-mounted-noswap swap-active
	swap-encrypted swap-device-dedicated swap-device-rotational swap-persistent swap-before-kubelet swap-units-masked
	system-slice-memory-swap-max system-slice-io-latency control-plane kubelet-fail-swap-on kubelet-swap-behavior
	kubelet-feature-gate kubelet-config-decodes kubelet-started-after-swap container-runtime hibernation
	eviction-threshold swappiness zram zswap systemd-oomd dm-crypt-available`

func TestNoNameIsLost(t *testing.T) {
	for id := range strings.FieldsSeq(contract) {
		if !slices.Contains(IDs(), id) {
			t.Errorf("there is no check %s any more", id)
		}
	}
}

// TestEveryCheckIsExplained holds docs/checks.md against the catalogue.
func TestEveryCheckIsExplained(t *testing.T) {
	data, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for _, match := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(string(data), -1) {
		sections = append(sections, match[1])
	}
	if !slices.Equal(sections, IDs()) {
		t.Errorf("sections of docs/checks.md:\n%s\nchecks:\n%s", strings.Join(sections, "\n"), strings.Join(IDs(), "\n"))
	}
	for _, id := range IDs() {
		if !strings.HasSuffix((Options{Docs: "https://example.org/docs/"}).Doc(id), "/docs/checks.md#"+id) {
			t.Errorf("%s points to %s", id, (Options{Docs: "https://example.org/docs/"}).Doc(id))
		}
	}
}

func TestChoosesAmongTheChecks(t *testing.T) {
	f := ready()
	for _, test := range []struct {
		name string
		o    Options
		want []string
	}{
		{"only", Options{Only: []string{"zram", "swap-active"}}, []string{"swap-active", "zram"}},
		{"ignore wins over only", Options{Only: []string{"zram", "swap-active"}, Ignore: []string{"zram"}}, []string{"swap-active"}},
		{"a measurement that is named", Options{Only: []string{"swap-latency"}}, []string{"swap-latency"}},
	} {
		var got []string
		for _, r := range Judge(f, test.o).Checks {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	all := Judge(f, Options{})
	if len(all.Checks) != len(IDs())-2 || len(Judge(f, Options{Measure: true}).Checks) != len(IDs()) {
		t.Errorf("%d checks without measurements, of %d", len(all.Checks), len(IDs()))
	}
	if err := (Options{Only: []string{"swap-activ"}}).Validate(); fail.Code(err) != fail.Usage {
		t.Errorf("a wrong name gives %v", err)
	}
}

func TestAReadyNodePasses(t *testing.T) {
	r := Judge(ready(), Options{})
	for _, c := range r.Checks {
		if c.Status != Pass && c.Status != Skip {
			t.Errorf("%s says %s: %s", c.ID, c.Status, c.Found)
		}
	}
	if err := r.Err(true); err != nil {
		t.Error(err)
	}
}

func TestWarningsCountWhenStrict(t *testing.T) {
	f := ready()
	f.Tuning.Swappiness.Value = "0"
	r := Judge(f, Options{Only: []string{"swappiness"}})
	if r.Err(false) != nil || fail.Code(r.Err(true)) != fail.Unfit {
		t.Errorf("not strict: %v, strict: %v", r.Err(false), r.Err(true))
	}
	f.Groups.Version = 1
	if err := Judge(f, Options{}).Err(false); fail.Code(err) != fail.Unfit {
		t.Errorf("a failure gives %v", err)
	}
}

// TestHintsOfBootAreCommands for what was found, and of no other kind of area or line.
func TestHintsOfBootAreCommands(t *testing.T) {
	nothing := func(f *Facts) { f.Areas[0].Managed, f.Boot.Service = false, "" }
	inClear := func(from string) func(*Facts) {
		return func(f *Facts) { fileArea(f); f.Boot.Lines = []BootLine{{From: from, What: "/swapfile"}} }
	}
	for _, test := range []struct {
		name   string
		change func(*Facts)
		want   string
	}{
		{"an encrypted device", nothing, "swapctl setup --persist systemd --name cryptswap --device /dev/nvme1n1"},
		{"an encrypted file", func(f *Facts) { nothing(f); fileArea(f) }, "swapctl setup --persist systemd --name cryptswap --size 4294971392 --path /swapfile"},
		{"a plain device", func(f *Facts) { nothing(f); plain(f) }, `echo "UUID=$(blkid -s UUID -o value /dev/nvme1n1) none swap sw 0 0" >> /etc/fstab`},
		{"a plain file", func(f *Facts) {
			nothing(f)
			f.Areas[0].Stack = kernel.Layer{Kind: kernel.KindFile, Path: "/swap file"}
		}, `echo '/swap\040file none swap sw 0 0' >> /etc/fstab`},
		{"a line of fstab", inClear("/etc/fstab line 4"), "sed -i '4s/^/#/' /etc/fstab"},
		{"a unit that a generator made", inClear("/run/systemd/generator.late/swapfile.swap"), "systemctl mask swapfile.swap"},
		{"a unit", inClear("/etc/systemd/system/swapfile.swap"), "systemctl disable swapfile.swap"},
	} {
		f := ready()
		test.change(f)
		if r := one(t, f, "swap-persistent"); !strings.Contains(r.Hint, test.want) {
			t.Errorf("%s: %q, want %q", test.name, r.Hint, test.want)
		}
	}
}

// TestGroupsStandForTheirChecks, and their names are no names of checks.
func TestGroupsStandForTheirChecks(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range IDs() {
		seen[id] = true
	}
	count := 0
	for _, g := range InGroups() {
		if seen[g.ID] || g.Title == "" || GroupTitle(g.ID) != g.Title || len(g.Checks) == 0 {
			t.Errorf("group %q is called as something else is, or has nothing in it", g.ID)
		}
		seen[g.ID] = true
		for _, c := range g.Checks {
			count++
			if c.Group != g.ID || !(Options{Only: []string{g.ID}}).wants(c) || (Options{Ignore: []string{g.ID}}).wants(c) {
				t.Errorf("%s is of group %q, and %q does not choose it", c.ID, c.Group, g.ID)
			}
		}
	}
	if count != len(Catalogue()) {
		t.Errorf("%d checks are in groups", count)
	}
	if err := (Options{Only: []string{"boot"}, Ignore: []string{"kubelet", "zram"}}).Validate(); err != nil {
		t.Error(err)
	}
}
