package setup_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/setup"
)

const (
	kubeletDropIn = "/etc/kubernetes/kubelet.conf.d/50-swapctl.conf"
	kubeletUnitIn = "/etc/systemd/system/kubelet.service.d/90-swapctl.conf"
	kubeadmConfig = "/var/lib/kubelet/config.yaml"
)

// withKubelet is a node with a running kubelet of kubeadm's that does not start
// when it would not in reality.
func withKubelet(t *testing.T, version string) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t, hosttest.Kubeadm(version))
	n.OnStart(func(unit string) error {
		if unit == "kubelet.service" {
			return starts(n)
		}
		return nil
	})
	return n
}

// starts says whether the node's kubelet would start now, and if not, why.
func starts(n *hosttest.Node) error {
	k, err := kubelet.Find(context.Background(), n.Other())
	if err != nil {
		return err
	}
	e, err := k.Effective()
	if err != nil {
		return err
	}
	if fatal := e.Fatals(); len(fatal) > 0 {
		return errors.New(fatal[0].String())
	}
	areas, err := n.Other().Files.ReadFile("/proc/swaps", host.TableLimit)
	if err == nil && e.FailSwapOn && strings.Count(string(areas), "\n") > 1 {
		return errors.New("running with swap on is not supported, please disable swap or set --fail-swap-on flag to false")
	}
	return err
}

func kubeletConfig() setup.Config {
	c := fileConfig("1Mi", true)
	c.Persist = "systemd"
	return c
}

func effective(t *testing.T, n *hosttest.Node) kubeletcfg.Effective {
	t.Helper()
	k, err := kubelet.Find(context.Background(), n.Other())
	if err != nil {
		t.Fatal(err)
	}
	e, err := k.Effective()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// kubeletStories are for the matrix.
func kubeletStories() []story {
	modern := func(t *testing.T) *hosttest.Node { return withKubelet(t, "v1.34.1") }
	old := func(t *testing.T) *hosttest.Node { return withKubelet(t, "v1.27.16") }
	auto, skip, none, big := kubeletConfig(), kubeletConfig(), kubeletConfig(), kubeletConfig()
	skip.Kubelet, none.SwapBehavior, big.Areas[0].Size = "skip", "NoSwap", "2Mi"
	limited := kubeletConfig()
	limited.Areas[0].Encrypt = false
	tables := limited
	tables.Persist = "fstab"
	skipTables := tables
	skipTables.Kubelet = "skip"
	up := func(c setup.Config) func(*hosttest.Node) error {
		return func(n *hosttest.Node) error { return run(n, c) }
	}
	nothing := func(*hosttest.Node) error { return nil }
	return []story{
		{name: "setup with a kubelet", matrix: true, node: modern, before: nothing, run: up(auto), want: auto},
		{name: "setup with an old kubelet", matrix: true, node: old, before: nothing, run: up(limited), want: limited},
		{name: "teardown with a kubelet", node: modern, before: up(auto), run: down, want: auto},
		{name: "teardown with an old kubelet", matrix: true, node: old, before: up(limited), run: down, want: limited},
		{name: "another behavior", matrix: true, node: modern, before: up(auto), run: up(none), want: none},
		{name: "grow with a kubelet", node: modern, before: up(auto), run: up(big), want: big},
		{name: "kubelet wanted later", matrix: true, node: modern, before: up(skip), run: up(auto), want: auto},
		{name: "teardown of a kubelet that was wanted later", node: modern, run: down, want: auto,
			before: func(n *hosttest.Node) error { return errors.Join(run(n, skip), run(n, auto)) }},
		{name: "setup with a kubelet and fstab", node: modern, before: nothing, run: up(tables), want: tables},
		{name: "teardown with a kubelet and fstab", node: modern, run: down, want: tables,
			before: func(n *hosttest.Node) error { return errors.Join(run(n, skipTables), run(n, tables)) }},
		{name: "boot with a kubelet", node: modern, before: rebooted(auto), run: boot, want: auto},
	}
}

func TestTheStepsOfAKubelet(t *testing.T) {
	t.Parallel()
	// Journals hold these: none may ever change its name or meaning.
	for version, want := range map[string]string{
		"v1.34.1":  "kubelet.config=changed kubelet.configdir=changed boot.unit=changed swap.file=changed swap.crypt=changed swap.header=changed swap.on=changed",
		"v1.27.16": "kubelet.config=changed boot.unit=changed swap.file=changed swap.crypt=changed swap.header=changed swap.on=changed",
	} {
		n := withKubelet(t, version)
		if got := states(up(t, n, kubeletConfig(), setup.UpOptions{})); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
		if n.Runs("kubelet.service") != 2 {
			t.Errorf("%s: the kubelet was started %d times", version, n.Runs("kubelet.service"))
		}
		if e := effective(t, n); e.FailSwapOn || e.SwapBehavior != "LimitedSwap" || !e.NodeSwap {
			t.Errorf("%s: %+v", version, e)
		}
	}
}

// TestAtNoMomentIsThereSwapAndAKubeletThatDoesNotStart cuts the power before and
// inside every operation of all that is done to a node with a kubelet. Neither
// then, nor after the boot that follows, may there be swap that its kubelet does
// not start with. (A node whose swap was there before the kubelet was wanted has
// that state to begin with.)
func TestAtNoMomentIsThereSwapAndAKubeletThatDoesNotStart(t *testing.T) {
	t.Parallel()
	for _, s := range kubeletStories() {
		if s.name == "kubelet wanted later" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			kills := []func(*hosttest.Node, int){(*hosttest.Node).KillAt}
			if s.name == "setup with a kubelet" || s.name == "teardown with an old kubelet" { // the others have no other operations
				kills = append(kills, (*hosttest.Node).KillInside)
			}
			for _, kill := range kills {
				for at := 1; ; at++ {
					n, _ := s.prepare(t)
					kill(n, at)
					_ = s.run(n)
					fired := n.Fired()
					n.Kill()
					if err := starts(n); err != nil {
						t.Fatalf("killed at operation %d: %v", at, err)
					}
					n.Reboot()
					n.ResetOps()
					if _, err := n.Other().Files.Readlink("/etc/systemd/system/multi-user.target.wants/swapctl.service"); err == nil {
						if err := boot(n); err != nil {
							t.Fatalf("killed at operation %d: boot: %v", at, err)
						}
					}
					if err := starts(n); err != nil {
						t.Fatalf("killed at operation %d, after the boot: %v", at, err)
					}
					table, err := n.Other().Files.ReadFile("/etc/fstab", host.FileLimit)
					if err == nil && strings.Contains(string(table), " swap ") && effective(t, n).FailSwapOn {
						t.Fatalf("killed at operation %d: fstab turns swap on, and the kubelet does not start", at)
					}
					n.Close()
					if !fired {
						break
					}
				}
			}
		})
	}
}

func TestARunRestartsTheKubeletOnceAndOnlyForAChange(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.34.1")
	c := kubeletConfig()
	up(t, n, c, setup.UpOptions{})
	runs := func() int { return n.Runs("kubelet.service") }
	for _, step := range []struct {
		what   string
		change func()
		want   int
	}{
		{"the first setup", func() {}, 2},
		{"the same again", func() { up(t, n, c, setup.UpOptions{}) }, 2},
		{"a kubelet that was upgraded", func() {
			n.SetProgram("/usr/bin/kubelet", func([]string) (string, error) { return "Kubernetes v1.35.0", nil })
			up(t, n, c, setup.UpOptions{})
		}, 2},
		{"more swap, with a bridge", func() { c.Areas[0].Size = "3Mi"; up(t, n, c, setup.UpOptions{}) }, 3},
		{"another behavior", func() { c.SwapBehavior = "NoSwap"; up(t, n, c, setup.UpOptions{}) }, 4},
		{"kubelet skip", func() { c.Kubelet = "skip"; up(t, n, c, setup.UpOptions{}) }, 4},
		{"the boot", func() {
			n.Reboot()
			if err := boot(n); err != nil {
				t.Error(err)
			}
			n.StartUnit("kubelet.service")
		}, 5},
		{"after the boot", func() { up(t, n, c, setup.UpOptions{}) }, 5},
		{"the teardown", func() {
			if err := down(n); err != nil {
				t.Error(err)
			}
		}, 6},
	} {
		if step.change(); runs() != step.want {
			t.Errorf("%s: started %d times, want %d", step.what, runs(), step.want)
		}
		if err := starts(n); err != nil {
			t.Errorf("%s: %v", step.what, err)
		}
	}
}

func TestARestartThatIsLeftToOthersIsPendingUntilSomebodyDoesIt(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.34.1")
	c := kubeletConfig()
	c.NoRestart = true
	pending := func() string {
		t.Helper()
		j, err := setup.JournalState(context.Background(), n.Host())
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(j.Restarts, " ")
	}
	r := up(t, n, c, setup.UpOptions{})
	if pending() != "kubelet.service" || n.Runs("kubelet.service") != 1 || !strings.Contains(r.State, "systemctl restart kubelet.service") {
		t.Errorf("pending %q, state %q", pending(), r.State)
	}
	if up(t, n, c, setup.UpOptions{}); pending() == "" {
		t.Error("a second run forgot it")
	}
	dry := c
	dry.NoRestart = false
	if r := up(t, n, dry, setup.UpOptions{DryRun: true}); !r.Pending || len(r.Restarts) != 1 || r.Restarts[0].State != "owed" {
		t.Errorf("dry run: %+v", r)
	}
	n.StartUnit("kubelet.service") // by hand
	if pending() != "" {
		t.Errorf("it is still pending: %s", pending())
	}
	n.ResetOps()
	up(t, n, dry, setup.UpOptions{})
	if n.Runs("kubelet.service") != 2 {
		t.Error("it was restarted again")
	}
	if _, err := setup.Down(context.Background(), n.Host(), setup.DownOptions{NoRestart: true}); err != nil || pending() != "kubelet.service" {
		t.Errorf("teardown: %v, pending %q", err, pending())
	}
	if err := down(n); err != nil || pending() != "" || n.Runs("kubelet.service") != 3 {
		t.Errorf("teardown again: %v, pending %q, %d runs", err, pending(), n.Runs("kubelet.service"))
	}
	if _, err := n.Other().Files.Stat(setup.JournalPath); err == nil {
		t.Error("the journal is still there")
	}
}

func TestASetupWhoseKubeletDoesNotComeBackIsTakenBack(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.34.1")
	before := n.Snapshot()
	n.OnStart(func(unit string) error {
		if unit == "kubelet.service" && n.Runs(unit) == 2 {
			return errors.New("exit status 1")
		}
		return nil
	})
	r, err := setup.Up(context.Background(), n.Host(), kubeletConfig(), setup.UpOptions{})
	if err == nil || !strings.Contains(err.Error(), "restart kubelet.service") || !strings.Contains(r.State, "as it was before") {
		t.Errorf("got %v; %s", err, r.State)
	}
	unchanged(t, n, before)
}

func TestWhatCannotBeIsRefusedBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	nothing := func(*hosttest.Node) {}
	for name, c := range map[string]struct {
		version string
		lay     func(*hosttest.Node)
		config  func(*setup.Config)
		says    string
		hint    string
	}{
		"a flag that beats every file": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile("/etc/default/kubelet", "KUBELET_EXTRA_ARGS=--fail-swap-on=true\n", 0o644)
		}, nil, "--fail-swap-on", "grep -rn"},
		"a later drop-in": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile("/etc/default/kubelet", "KUBELET_EXTRA_ARGS=--config-dir=/etc/kubelet.d\n", 0o644)
			n.WriteFile("/etc/kubelet.d/90-own.conf", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: true\n", 0o644)
		}, nil, "/etc/kubelet.d/90-own.conf", "--kubelet skip"},
		"a later drop-in with another behavior": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile("/etc/default/kubelet", "KUBELET_EXTRA_ARGS=--config-dir=/etc/kubelet.d\n", 0o644)
			n.WriteFile("/etc/kubelet.d/90-own.conf", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmemorySwap:\n  swapBehavior: NoSwap\n", 0o644)
		}, nil, `memorySwap.swapBehavior is "NoSwap", from /etc/kubelet.d/90-own.conf`, "cat /etc/kubelet.d/90-own.conf"},
		"a later drop-in of the unit": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile("/etc/systemd/system/kubelet.service.d/99-own.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/kubelet --config "+kubeadmConfig+" --fail-swap-on=true\n", 0o644)
		}, nil, "--fail-swap-on", "grep -rn"},
		"a file of ours that is not ours": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile(kubeletDropIn, "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n", 0o644)
		}, nil, "swapctl did not make it", "cat "},
		"files that it would read all of a sudden": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile("/etc/kubernetes/kubelet.conf.d/10-forgotten.conf", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 5\n", 0o644)
		}, nil, "10-forgotten.conf", "--config-dir"},
		"a configuration that is no YAML": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile(kubeadmConfig, "kind: [\n", 0o644)
		}, nil, kubeadmConfig, ""},
		"cgroup v1": {"v1.34.1", func(n *hosttest.Node) {
			if err := n.Other().Files.Remove("/sys/fs/cgroup/cgroup.controllers"); err != nil {
				panic(err)
			}
			n.WriteFile("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1\n", 0o644)
		}, nil, "cgroup v1", "NoSwap"},
		"a version that is too old":               {"v1.21.0", nothing, nil, "1.21", "--kubernetes-version"},
		"a version that is too new":               {"v1.99.0", nothing, nil, "1.99", "--kubernetes-version 1.37"},
		"a behavior that it has not":              {"v1.27.1", nothing, func(c *setup.Config) { c.SwapBehavior = "NoSwap" }, "NoSwap", "1.28"},
		"a kubelet that does not say its version": {"nothing", nothing, nil, "version", "--kubernetes-version"},
		"an old one that has not joined": {"v1.27.1", func(n *hosttest.Node) {
			if err := n.Other().Files.Remove(kubeadmConfig); err != nil {
				panic(err)
			}
		}, nil, "is not there yet", "kubeadm-config"},
		"a script that starts it": {"v1.34.1", func(n *hosttest.Node) {
			n.WriteFile("/etc/systemd/system/kubelet.service.d/99-own.conf", "[Service]\nExecStart=\nExecStart=/bin/sh -c '/usr/bin/kubelet --config /x'\n", 0o644)
		}, nil, "it does not run now", "--kubelet skip"},
	} {
		t.Run(name, func(t *testing.T) {
			n := withKubelet(t, c.version)
			c.lay(n)
			config := kubeletConfig()
			if c.config != nil {
				c.config(&config)
			}
			before := n.Snapshot()
			n.ResetOps()
			_, err := setup.Up(context.Background(), n.Host(), config, setup.UpOptions{})
			if err == nil || fail.Code(err) != fail.Usage || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v (%d)", err, fail.Code(err))
			}
			if hints := strings.Join(fail.Hints(err), "\n"); !strings.Contains(hints, c.hint) {
				t.Errorf("hints: %s", hints)
			}
			unchanged(t, n, before)
			config.Kubelet = "skip"
			if _, err := setup.Up(context.Background(), n.Host(), config, setup.UpOptions{}); err != nil {
				t.Errorf("with --kubelet skip: %v", err)
			}
		})
	}
}

func TestAKubeletThatToleratesSwapAlreadyIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.34.1")
	n.WriteFile(kubeadmConfig, "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nfailSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n", 0o644)
	before := n.Snapshot()
	r := up(t, n, kubeletConfig(), setup.UpOptions{})
	if got := states(r); !strings.HasPrefix(got, "kubelet.config=done boot.unit=changed") || !strings.Contains(r.Steps[0].Found, kubeadmConfig) {
		t.Errorf("got %s, %s", got, r.Steps[0].Found)
	}
	if n.Runs("kubelet.service") != 2 {
		t.Error("it was not restarted to count the swap")
	}
	takenBack(t, n, before)
}

func TestAKubeletThatAMergeKeyTellsToFailIsConfigured(t *testing.T) {
	t.Parallel()
	merged := "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nfailSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n<<: {failSwapOn: true}\n"
	n := withKubelet(t, "v1.34.1")
	n.WriteFile(kubeadmConfig, merged, 0o644)
	before := n.Snapshot()
	if got := states(up(t, n, kubeletConfig(), setup.UpOptions{})); !strings.HasPrefix(got, "kubelet.config=changed") {
		t.Errorf("got %s", got)
	}
	if e := effective(t, n); e.FailSwapOn {
		t.Errorf("%+v", e)
	}
	takenBack(t, n, before)
	// Without a configuration directory the value that counts is edited.
	n = withKubelet(t, "v1.27.16")
	n.WriteFile(kubeadmConfig, strings.Replace(merged, "memorySwap: {swapBehavior: LimitedSwap}\n", "", 1), 0o644)
	before = n.Snapshot()
	up(t, n, kubeletConfig(), setup.UpOptions{})
	if e := effective(t, n); e.FailSwapOn {
		t.Errorf("%+v", e)
	}
	takenBack(t, n, before)
}

func TestTheConfigurationDirectoryInUseIsUsed(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.30.4")
	n.WriteFile("/etc/default/kubelet", "KUBELET_EXTRA_ARGS='--config-dir /etc/kubelet.d'\n", 0o644)
	n.WriteFile("/etc/kubelet.d/10-own.conf", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 50\n", 0o644)
	before := n.Snapshot()
	if got := states(up(t, n, kubeletConfig(), setup.UpOptions{})); strings.Contains(got, "kubelet.configdir") {
		t.Errorf("got %s", got)
	}
	if e := effective(t, n); e.FailSwapOn || e.FailSwapOnFrom != "/etc/kubelet.d/50-swapctl.conf" {
		t.Errorf("%+v", e)
	}
	takenBack(t, n, before)
}

func TestAnEditIsTakenBackFromWhatOthersHaveMadeOfTheFile(t *testing.T) {
	t.Parallel()
	original := read(t, withKubelet(t, "v1.27.16"), kubeadmConfig)
	for name, c := range map[string]struct {
		change func(text string) string
		want   string // "" for a refusal
	}{
		"nothing":           {func(s string) string { return s }, original},
		"a line more":       {func(s string) string { return s + "maxPods: 50\n" }, original + "maxPods: 50\n"},
		"a line at the top": {func(s string) string { return "# mine\n" + s }, "# mine\n" + original},
		"kubeadm upgrade":   {func(string) string { return "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n" }, "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"},
		"our values by them": {func(s string) string {
			return strings.Replace(s, "failSwapOn: false", "failSwapOn:   false # mine", 1)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := withKubelet(t, "v1.27.16")
			up(t, n, kubeletConfig(), setup.UpOptions{})
			edited := read(t, n, kubeadmConfig)
			if !strings.Contains(edited, "# what an administrator noted") || edited == original {
				t.Fatalf("the edit:\n%s", edited)
			}
			changed := c.change(edited)
			n.WriteFile(kubeadmConfig, changed, 0o644)
			err := down(n)
			now := read(t, n, kubeadmConfig)
			if c.want != "" && (err != nil || now != c.want) {
				t.Errorf("%v, it is now:\n%s", err, now)
			}
			if c.want == "" && (fail.Code(err) != fail.Failed || now != changed || !strings.Contains(strings.Join(fail.Hints(err), ""), "failSwapOn not set")) {
				t.Errorf("%v %v, it is now:\n%s", err, fail.Hints(err), now)
			}
		})
	}
}

func TestABootFixesWhatKubeadmHasWrittenAnewBeforeItTurnsSwapOn(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.27.16")
	r := up(t, n, kubeletConfig(), setup.UpOptions{})
	if !strings.Contains(strings.Join(r.Warnings, " "), "kubeadm upgrade") {
		t.Errorf("warnings: %q", r.Warnings)
	}
	n.Reboot()
	n.WriteFile(kubeadmConfig, "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 60\n", 0o644)
	if err := boot(n); err != nil {
		t.Fatal(err)
	}
	if err := starts(n); err != nil || len(swaps(t, n)) != 1 {
		t.Errorf("%v, %d areas", err, len(swaps(t, n)))
	}
}

func TestABootKeepsSwapOffWhenAFlagHasComeThatOverrulesUs(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.34.1")
	up(t, n, kubeletConfig(), setup.UpOptions{})
	n.Reboot()
	n.WriteFile("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS=--fail-swap-on\n", 0o644)
	err := boot(n)
	if err == nil || !strings.Contains(err.Error(), "--fail-swap-on") || len(swaps(t, n)) != 0 {
		t.Errorf("%v, %d areas", err, len(swaps(t, n)))
	}
}

func TestAnAreaThatCannotBeTurnedOffKeepsTheKubeletToleratingIt(t *testing.T) {
	t.Parallel()
	n := withKubelet(t, "v1.34.1")
	up(t, n, kubeletConfig(), setup.UpOptions{})
	n.FailOn("swapoff", "", unix.ENOMEM)
	if err := down(n); err == nil {
		t.Fatal("it came down")
	}
	if err := starts(n); err != nil {
		t.Error(err)
	}
}

func TestAKubeletOfADistributionIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files string
		says  string // in a warning, or an error
		fails bool
	}{
		"k3s": {"-- /etc/systemd/system/k3s.service --\n[Service]\nExecStart=/usr/local/bin/k3s server\n-- /usr/local/bin/k3s --\n", "kubelet.conf.d", false},
		"k3s that is told not to": {"-- /etc/systemd/system/k3s.service --\n[Service]\nExecStart=/usr/local/bin/k3s server\n-- /usr/local/bin/k3s --\n" +
			"-- /etc/rancher/k3s/config.yaml --\nkubelet-arg:\n- fail-swap-on=true\n", "k3s configures it", true},
		"microk8s": {"-- /etc/systemd/system/snap.microk8s.daemon-kubelite.service --\n[Service]\nExecStart=/usr/bin/snap run microk8s.daemon-kubelite\n" +
			"-- /var/snap/microk8s/current/args/kubelet --\n--fail-swap-on=false\n", "snap restart microk8s", false},
	} {
		t.Run(name, func(t *testing.T) {
			n := hosttest.FromTxtar(t, []byte(c.files), (*hosttest.Node).Systemd)
			n.SetProgram("/usr/local/bin/k3s", func([]string) (string, error) { return "k3s version v1.31.4+k3s1 (a562d090)\n", nil })
			r, err := setup.Up(context.Background(), n.Host(), kubeletConfig(), setup.UpOptions{})
			text := strings.Join(r.Warnings, "\n")
			if err != nil {
				text = err.Error()
			}
			if (err != nil) != c.fails || !strings.Contains(text, c.says) {
				t.Errorf("%v\n%s", err, text)
			}
			if strings.Contains(states(r), "kubelet.") {
				t.Errorf("steps: %s", states(r))
			}
		})
	}
}

func TestAUnitThatIsNoKubeletIsToldAndPassedBy(t *testing.T) {
	t.Parallel()
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	n.WriteFile("/etc/systemd/system/kubelet.service", "[Service]\nExecStart=/bin/sleep infinity\n", 0o644)
	r := up(t, n, kubeletConfig(), setup.UpOptions{})
	if !strings.Contains(strings.Join(r.Warnings, " "), "is no kubelet") || strings.Contains(states(r), "kubelet.") {
		t.Errorf("%q %s", r.Warnings, states(r))
	}
}
