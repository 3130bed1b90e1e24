package check

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/systemd"
)

// limitsOfOld is LimitedSwap as it was until Kubernetes 1.27.
func limitsOfOld(f *Facts) {
	f.Kubelet.Version, f.Kubelet.Row = "v1.27.0", row("1.27")
	f.Kubelet.Config.NodeSwap = true
}

// TestTheRemedyIsNotWhatIsThere: LimitedSwap does not fix LimitedSwap.
func TestTheRemedyIsNotWhatIsThere(t *testing.T) {
	f := ready()
	limitsOfOld(f)
	if hint := one(t, f, "kubelet-swap-behavior").Hint; !strings.Contains(hint, "Kubernetes 1.28") || strings.Contains(hint, "LimitedSwap") {
		t.Errorf("the hint is %q", hint)
	}
}

func kubeletOutcomes() []outcome {
	config := func(change func(*kubeletcfg.Effective)) func(*Facts) {
		return func(f *Facts) { change(&f.Kubelet.Config) }
	}
	version := func(v string) func(*Facts) {
		return func(f *Facts) {
			f.Kubelet.Version, f.Kubelet.Row = "v"+v+".0", row(v)
			f.Kubelet.Config.NodeSwap = f.Kubelet.Row.Gate.Default
		}
	}
	noRow := func(f *Facts) { f.Kubelet.Version, f.Kubelet.Row = "", nil }
	tooOld := func(f *Facts) { f.Kubelet.Version, f.Kubelet.Row, f.Kubelet.TooOld = "v1.21.14", nil, true }
	problem := func(p kubeletcfg.Problem) func(*Facts) {
		return config(func(c *kubeletcfg.Effective) { c.Problems = []kubeletcfg.Problem{p} })
	}
	fatal := problem(kubeletcfg.Problem{Severity: kubeletcfg.Fatal, Source: "/var/lib/kubelet/config.yaml", Line: 4, Column: 3, Field: "featureGates.NodeMemorySwap", Message: "no such gate"})
	controlPlane := func(f *Facts) { f.Kubelet.ControlPlane = "/etc/kubernetes/manifests/kube-apiserver.yaml" }
	return []outcome{
		{"control-plane", Pass, "worker", "no static pod", nil},
		{"control-plane", Pass, "without swap", "no swap is on", func(f *Facts) { controlPlane(f); noSwap(f) }},
		{"control-plane", Warn, "with swap", "kube-apiserver.yaml", controlPlane},
		{"control-plane", Unknown, "denied", "permission", func(f *Facts) { f.Kubelet.ControlPlaneErr = fs.ErrPermission }},

		{"kubelet-config-decodes", Pass, "", "config.yaml", nil},
		{"kubelet-config-decodes", Pass, "no files", "all is default", config(func(c *kubeletcfg.Effective) { c.Sources = nil })},
		{"kubelet-config-decodes", Warn, "misspelt", "swapBehaviour", problem(kubeletcfg.Problem{Severity: kubeletcfg.Silent, Source: "/x", Field: "memorySwap.swapBehaviour", Message: "unknown"})},
		{"kubelet-config-decodes", Fail, "wrong gate", "config.yaml:4:3", fatal},
		{"kubelet-config-decodes", Skip, "no kubelet", "no kubelet", noKubeletHere},
		{"kubelet-config-decodes", Unknown, "denied", "permission denied", unreadable},

		{"kubelet-fail-swap-on", Pass, "", "failSwapOn false", nil},
		{"kubelet-fail-swap-on", Warn, "no swap yet", "once swap is on", func(f *Facts) { noSwap(f); f.Kubelet.Config.FailSwapOn = true }},
		{"kubelet-fail-swap-on", Fail, "swap is on", "does not start", config(func(c *kubeletcfg.Effective) { c.FailSwapOn = true })},
		{"kubelet-fail-swap-on", Skip, "no kubelet", "no kubelet", noKubeletHere},
		{"kubelet-fail-swap-on", Skip, "broken", "see kubelet-config-decodes", fatal},
		{"kubelet-fail-swap-on", Unknown, "denied", "permission denied", unreadable},

		{"kubelet-feature-gate", Pass, "1.34", "NodeSwap true (default of Kubernetes 1.34, where it is GA)", nil},
		{"kubelet-feature-gate", Pass, "set", "NodeSwap true (--feature-gates)", func(f *Facts) {
			version("1.28")(f)
			f.Kubelet.Config.NodeSwap, f.Kubelet.Config.NodeSwapFrom = true, "--feature-gates"
		}},
		{"kubelet-feature-gate", Warn, "off by default", "NodeSwap false", func(f *Facts) { version("1.29")(f); f.Kubelet.Config.SwapBehavior = "" }},
		{"kubelet-feature-gate", Fail, "off, and memorySwap set", "does not start", version("1.28")},
		{"kubelet-feature-gate", Fail, "locked", "locked to true", config(func(c *kubeletcfg.Effective) { c.NodeSwap, c.NodeSwapFrom = false, "/x" })},
		{"kubelet-feature-gate", Skip, "no kubelet", "no kubelet", noKubeletHere},
		{"kubelet-feature-gate", Unknown, "no version", "version could not be found", noRow},
		{"kubelet-feature-gate", Unknown, "future version", "1.99.0 is not known", func(f *Facts) { noRow(f); f.Kubelet.Version = "v1.99.0" }},

		{"kubelet-swap-behavior", Pass, "", "LimitedSwap", nil},
		{"kubelet-swap-behavior", Warn, "NoSwap", "no container gets swap", config(func(c *kubeletcfg.Effective) { c.SwapBehavior = "NoSwap" })},
		{"kubelet-swap-behavior", Warn, "default", `swapBehavior ""`, config(func(c *kubeletcfg.Effective) { c.SwapBehavior, c.SwapBehaviorFrom = "", kubeletcfg.Default })},
		{"kubelet-swap-behavior", Warn, "unlimited of old", "every container may take all the swap there is", func(f *Facts) {
			version("1.28")(f)
			f.Kubelet.Config.NodeSwap, f.Kubelet.Config.SwapBehavior = true, "UnlimitedSwap"
		}},
		{"kubelet-swap-behavior", Warn, "limits of old", "a container without a memory limit may take", limitsOfOld},
		{"kubelet-swap-behavior", Fail, "no such", "knows no such behavior", config(func(c *kubeletcfg.Effective) { c.SwapBehavior = "UnlimitedSwap" })},
		{"kubelet-swap-behavior", Skip, "no kubelet", "no kubelet", noKubeletHere},
		{"kubelet-swap-behavior", Skip, "gate off", "see kubelet-feature-gate", func(f *Facts) { version("1.29")(f); f.Kubelet.Config.SwapBehavior = "" }},
		{"kubelet-feature-gate", Fail, "before swap", "v1.21.14 has no feature gate", tooOld},
		{"kubelet-swap-behavior", Skip, "before swap", "see kubelet-feature-gate", tooOld},
		{"kubelet-swap-behavior", Unknown, "no version", "version could not be found", noRow},

		{"kubelet-started-after-swap", Pass, "", "/proc/812/stat: started 12s", nil},
		{"kubelet-started-after-swap", Warn, "before", "turned on 20s after the boot", func(f *Facts) { f.Areas[0].Since = 20 * time.Second }},
		{"kubelet-started-after-swap", Warn, "started by hand", "turned on 20s", func(f *Facts) { f.Areas[0].Since, f.Kubelet.Unit = 20*time.Second, "" }},
		{"kubelet-started-after-swap", Skip, "stopped", "does not run", func(f *Facts) { f.Kubelet.Running = false }},
		{"kubelet-started-after-swap", Skip, "no kubelet", "no kubelet", noKubeletHere},
		{"kubelet-started-after-swap", Unknown, "ordinary user", "only root", func(f *Facts) { f.Areas[0].Since = 0 }},
		{"kubelet-started-after-swap", Unknown, "no start", "/proc/812/stat", func(f *Facts) { f.Kubelet.Started = 0 }},

		{"container-runtime", Pass, "", "containerd 1.7.24", nil},
		{"container-runtime", Pass, "CRI-O", "cri-o 1.34.0", func(f *Facts) { f.Runtime = Runtime{Name: "cri-o", Version: "1.34.0", From: "/usr/bin/crio"} }},
		{"container-runtime", Fail, "old containerd", "1.5.18", func(f *Facts) { f.Runtime.Version = "1.5.18" }},
		{"container-runtime", Fail, "old CRI-O", "1.22.5", func(f *Facts) { f.Runtime = Runtime{Name: "cri-o", Version: "1.22.5", From: "/usr/bin/crio"} }},
		{"container-runtime", Fail, "cri-dockerd", "--container-runtime-endpoint", func(f *Facts) {
			f.Runtime = Runtime{Name: "cri-dockerd", Endpoint: "unix:///run/cri-dockerd.sock (--container-runtime-endpoint)"}
		}},
		{"container-runtime", Unknown, "a runtime nobody knows", "/run/kata.sock", func(f *Facts) { f.Runtime = Runtime{Endpoint: "/run/kata.sock (x)"} }},
		{"container-runtime", Unknown, "mute", "does not tell", func(f *Facts) { f.Runtime.Version = "" }},
		{"container-runtime", Unknown, "none", "neither containerd nor CRI-O", func(f *Facts) { f.Runtime = Runtime{} }},
		{"container-runtime", Unknown, "odd", "nightly", func(f *Facts) { f.Runtime.Version = "nightly" }},
		{"container-runtime", Skip, "no node", "neither a kubelet", func(f *Facts) { f.Runtime = Runtime{}; noKubeletHere(f) }},
	}
}

func memoryOutcomes() []outcome {
	hard := func(value string) func(*Facts) {
		return func(f *Facts) { f.Kubelet.Config.EvictionHard["memory.available"] = value }
	}
	pressure := func(full string) func(*Facts) {
		return func(f *Facts) {
			f.Tuning.Pressure.Value = "some avg10=0.00 avg60=30.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=" + full + " avg300=0.00 total=0"
		}
	}
	return []outcome{
		{"eviction-threshold", Pass, "", "evictionHard memory.available 100 MiB", nil},
		{"eviction-threshold", Pass, "no kubelet", "none was found", noKubeletHere},
		{"eviction-threshold", Warn, "evicts first", "before anything is swapped", hard("1Gi")},
		{"eviction-threshold", Warn, "evicts first, in percent", "before anything is swapped", hard("10%")},
		{"eviction-threshold", Warn, "contested", "may be evicted while there is swap left", hard("200Mi")},
		{"eviction-threshold", Warn, "never", "can hardly ever come", hard("50Mi")},
		{"eviction-threshold", Warn, "no eviction", "never evicts", hard("")},
		{"eviction-threshold", Unknown, "no figures", "min_free_kbytes", func(f *Facts) { denied(&f.Tuning.MinFree) }},
		{"eviction-threshold", Unknown, "a threshold that is none", "bananas", hard("bananas")},
		{"eviction-threshold", Unknown, "denied", "permission denied", unreadable},
		{"eviction-threshold", Skip, "no swap", "see swap-active", noSwap},

		{"swappiness", Pass, "", "swappiness: 60", nil},
		{"swappiness", Pass, "much, for zram", "180", func(f *Facts) { zramArea(f); f.Tuning.Swappiness.Value = "180" }},
		{"swappiness", Warn, "none", "swappiness: 0", func(f *Facts) { f.Tuning.Swappiness.Value = "0" }},
		{"swappiness", Warn, "much", "180", func(f *Facts) { f.Tuning.Swappiness.Value = "180" }},
		{"swappiness", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Tuning.Swappiness) }},

		{"sysctl-persistent", Pass, "", "no file of sysctl.d", nil},
		{"sysctl-persistent", Pass, "set", "/etc/sysctl.d/x.conf line 2: vm.swappiness 60", func(f *Facts) {
			f.Tuning.Sysctls = systemd.Sysctls{{Key: "vm/swappiness", Value: "60", File: "/etc/sysctl.d/x.conf", Line: 2}}
		}},
		{"sysctl-persistent", Warn, "beaten", "vm.swappiness is 60, and after a boot 0: /etc/sysctl.d/k8s.conf line 3 wins over /etc/sysctl.d/90-swapctl.conf line 2 (60)", func(f *Facts) {
			f.Tuning.Sysctls = systemd.Sysctls{{Key: "vm/swappiness", Value: "60", File: "/etc/sysctl.d/90-swapctl.conf", Line: 2}, {Key: "vm/swappiness", Value: "0", File: "/etc/sysctl.d/k8s.conf", Line: 3}}
		}},
		{"sysctl-persistent", Warn, "taken out", "a boot leaves it as the kernel has it: /etc/sysctl.d/zz.conf line 1 (-vm.swappiness) wins over /etc/sysctl.d/90-swapctl.conf line 2 (60)", func(f *Facts) {
			f.Tuning.Sysctls = systemd.Sysctls{{Key: "vm/swappiness", Value: "60", File: "/etc/sysctl.d/90-swapctl.conf", Line: 2}, {Key: "vm/swappiness", File: "/etc/sysctl.d/zz.conf", Line: 1, Exclude: true}}
		}},
		{"sysctl-persistent", Unknown, "denied", "permission", func(f *Facts) { f.Tuning.SysctlsErr = fs.ErrPermission }},

		{"zswap", Pass, "", "enabled: N", nil},
		{"zswap", Pass, "kernel has none", "no zswap", func(f *Facts) { missing(&f.Tuning.Zswap) }},
		{"zswap", Warn, "on", "max_pool_percent: 20", func(f *Facts) { f.Tuning.Zswap.Value = "Y" }},
		{"zswap", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Tuning.Zswap) }},

		{"systemd-oomd", Pass, "", "neither running nor enabled", nil},
		{"systemd-oomd", Pass, "harmless", "nothing has it look at pods", func(f *Facts) { f.Tuning.OOMD.Running = "/sys/fs/cgroup/system.slice/systemd-oomd.service" }},
		{"systemd-oomd", Warn, "enabled, not running", "ManagedOOMSwap=kill", func(f *Facts) { f.Tuning.OOMD = OOMD{Enabled: "/etc/x", Kills: []string{"/y: ManagedOOMSwap=kill"}} }},
		{"systemd-oomd", Fail, "kills", "ManagedOOMSwap=kill", func(f *Facts) {
			f.Tuning.OOMD = OOMD{Running: "/sys/fs/cgroup/system.slice/systemd-oomd.service", Kills: []string{"/y: ManagedOOMSwap=kill"}}
		}},

		{"memory-pressure", Pass, "", "full avg60=0.00", nil},
		{"memory-pressure", Warn, "short", "full avg60=25.50", pressure("25.50")},
		{"memory-pressure", Unknown, "no PSI", "no such file", func(f *Facts) { missing(&f.Tuning.Pressure) }},
		{"memory-pressure", Unknown, "odd", "not a percentage", pressure("much")},
	}
}

func leakOutcomes() []outcome {
	measured := func(change func(*Measured)) func(*Facts) {
		return func(f *Facts) {
			f.Measure = Measured{
				Asked:   true,
				Latency: Latency{On: "/dev/nvme1n1", Read: 90 * time.Microsecond, ReadSlow: 300 * time.Microsecond, BlocksRead: 2000},
				Encrypt: Encrypt{Cipher: "xts(aes)", Block: 3 * time.Microsecond},
			}
			change(&f.Measure)
		}
	}
	fine := measured(func(*Measured) {})
	return []outcome{
		{"dm-crypt-available", Pass, "", "/sys/module/dm_crypt", nil},
		{"dm-crypt-available", Fail, "not built", "no dm-crypt", func(f *Facts) { f.Leaks.DMCrypt, f.Leaks.DMCryptFrom = false, "/boot/config-6.12" }},
		{"dm-crypt-available", Unknown, "container", "neither", func(f *Facts) { f.Leaks = Leaks{} }},

		{"core-dumps", Pass, "", "core_pattern: core", nil},
		{"core-dumps", Pass, "thrown away", "none are kept", func(f *Facts) { f.Leaks.CorePattern.Value = "|/bin/false" }},
		{"core-dumps", Warn, "systemd-coredump", "a program keeps them", func(f *Facts) { f.Leaks.CorePattern.Value = "|/usr/lib/systemd/systemd-coredump %P" }},
		{"core-dumps", Warn, "directory", "kept there", func(f *Facts) { f.Leaks.CorePattern.Value = "/var/crash/core.%p" }},
		{"core-dumps", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Leaks.CorePattern) }},

		{"kdump", Pass, "", "kexec_crash_loaded: 0", nil},
		{"kdump", Pass, "kernel cannot", "cannot", func(f *Facts) { missing(&f.Leaks.CrashKernel) }},
		{"kdump", Warn, "loaded", "crash kernel is loaded", func(f *Facts) { f.Leaks.CrashKernel.Value = "1" }},
		{"kdump", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Leaks.CrashKernel) }},

		{"swap-latency", Pass, "", "a page that comes back from swap takes about 93µs", fine},
		{"swap-latency", Warn, "slow", "12ms", measured(func(m *Measured) { m.Latency.Read = 12 * time.Millisecond })},
		{"swap-latency", Warn, "slow at times", "over 40ms", measured(func(m *Measured) { m.Latency.ReadSlow = 40 * time.Millisecond })},
		{"swap-latency", Skip, "not asked", "not measured", nil},
		{"swap-latency", Unknown, "denied", "permission", measured(func(m *Measured) { m.Latency.Err = fs.ErrPermission })},

		{"encryption-cost", Pass, "", "3µs for a page of 4 KiB, 1.3 GiB a second on one CPU; it makes a swap-in 3.3% slower", fine},
		{"encryption-cost", Warn, "slow", "200µs", measured(func(m *Measured) { m.Encrypt.Block = 200 * time.Microsecond })},
		{"encryption-cost", Skip, "not asked", "not measured", nil},
		{"encryption-cost", Unknown, "no AF_ALG", "CONFIG_CRYPTO_USER_API_SKCIPHER", measured(func(m *Measured) { m.Encrypt.Err = errors.ErrUnsupported })},
		{"encryption-cost", Unknown, "odd", "odd", measured(func(m *Measured) { m.Encrypt.Err = errors.New("odd") })},
	}
}
