package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// Kubelet is what is known of this node's kubelet.
type Kubelet struct {
	Found bool
	Unit  string // systemd's name for it
	Kind  string // systemd, k3s, rke2, k0s, microk8s
	Err   error  // why its configuration could not be read

	Version string
	Row     *kubeletcfg.Row // nil where the version is not known
	TooOld  bool            // the version is one before swap

	Dir     string // its root directory
	Running bool
	PID     int
	Started time.Duration // since the boot; 0: not known

	Config kubeletcfg.Effective

	// ControlPlane is the evidence that an API server and etcd run here, "" if
	// there is none. ControlPlaneErr says why that is not known.
	ControlPlane    string
	ControlPlaneErr error
}

// IsControlPlane reports whether this node is a control plane node.
func (k Kubelet) IsControlPlane() bool { return k.ControlPlane != "" }

func kubeletChecks() []Check {
	return []Check{
		{
			ID: "control-plane", Title: "No swap on a control plane",
			Want: "worker nodes only, or no swap",
			Why:  "API server and etcd are critical pods, which get no swap themselves and suffer from a disk that is busy with it.",
			Says: []Status{Pass, Warn, Unknown}, Run: controlPlane,
			Preflight: Always,
		},
		{
			ID: "kubelet-config-decodes", Title: "The kubelet's configuration is understood",
			Want: "no field, gate or value that this version does not know",
			Why:  "The kubelet passes over misspelt fields without a word, and does not start with a wrong value or an unknown feature gate.",
			Says: []Status{Pass, Warn, Fail, Skip, Unknown}, Run: configDecodes,
			Preflight: WhenKubeletIsLeft,
		},
		{
			ID: "kubelet-fail-swap-on", Title: "The kubelet starts although swap is on",
			Want:  "failSwapOn: false",
			Why:   "With failSwapOn true, the default, the kubelet ends at its next start as soon as any area is on, zram included.",
			Needs: []string{"kubelet-config-decodes"},
			Says:  []Status{Pass, Warn, Fail, Skip, Unknown}, Run: failSwapOn,
			Preflight: WhenKubeletIsLeft,
		},
		{
			ID: "kubelet-feature-gate", Title: "Feature gate NodeSwap",
			Want:  "on: by default from Kubernetes 1.30 on, set before that",
			Why:   "With the gate off the kubelet gives no container swap, and does not start when memorySwap is set.",
			Needs: []string{"kubelet-config-decodes"},
			Says:  []Status{Pass, Warn, Fail, Skip, Unknown}, Run: featureGate,
			Preflight: WhenKubeletIsLeft,
		},
		{
			ID: "kubelet-swap-behavior", Title: "Containers get swap",
			Want:  "memorySwap.swapBehavior: LimitedSwap",
			Why:   "With NoSwap, the default from 1.30 on, no container may swap; only what runs outside of pods then uses the area.",
			Needs: []string{"kubelet-config-decodes", "kubelet-feature-gate"},
			Says:  []Status{Pass, Warn, Fail, Skip, Unknown}, Run: swapBehavior,
			Preflight: WhenKubeletIsLeft,
		},
		{
			ID: "kubelet-started-after-swap", Title: "The running kubelet knows of the swap",
			Want:  "a kubelet that was started after the last area was turned on",
			Why:   "It reads the size of swap when it starts; started earlier, it gives every container a share of too little.",
			Needs: []string{"swap-active"},
			Says:  []Status{Pass, Warn, Skip, Unknown}, Run: startedAfterSwap,
		},
		{
			ID: "container-runtime", Title: "The container runtime passes swap limits on",
			Want: "containerd 1.6 or CRI-O 1.23, or later, at the socket that the kubelet uses",
			Why:  "Older ones, and cri-dockerd, drop the field of the interface (CRI Unified) by which the kubelet sets memory.swap.max.",
			Says: []Status{Pass, Fail, Skip, Unknown}, Run: containerRuntime,
			Preflight: Always,
		},
	}
}

func controlPlane(f *Facts) Finding {
	k := f.Kubelet
	no, unseen := f.noAreas()
	switch {
	case !k.IsControlPlane() && k.ControlPlaneErr != nil:
		return unknown(k.ControlPlaneErr.Error(), "say which it is: --control-plane true, or false; or "+asRoot)
	case !k.IsControlPlane():
		return pass("no static pod of an API server, and no unit of a control plane")
	case unseen:
		return no
	case len(f.Areas) == 0:
		return pass(k.ControlPlane + "; no swap is on")
	}
	return warn(k.ControlPlane+"; and swap is on", "take swap away here (swapctl teardown), and keep it to worker nodes")
}

// noKubelet is the finding of checks that need a kubelet's configuration, if
// there is none.
func noKubelet(f *Facts) (Finding, bool) {
	switch k := f.Kubelet; {
	case !k.Found:
		return skip("no kubelet was found on this node"), true
	case k.Err != nil:
		return unknown(k.Err.Error(), seenFromOutside(f)), true
	}
	return Finding{}, false
}

func configDecodes(f *Facts) Finding {
	if no, ok := noKubelet(f); ok {
		return no
	}
	var fatal, silent []string
	for _, p := range f.Kubelet.Config.Problems {
		switch {
		case p.Field == "featureGates.NodeSwap", p.Field == "memorySwap.swapBehavior":
			// The checks that report it.
		case p.Severity == kubeletcfg.Fatal:
			fatal = append(fatal, p.String())
		default:
			silent = append(silent, p.String())
		}
	}
	const hint = "fix the file that is named; 'swapctl kubeadm-config lint FILE' shows it with line and field"
	switch {
	case len(fatal) > 0:
		return failed(strings.Join(fatal, "; "), hint)
	case len(silent) > 0:
		return warn(strings.Join(silent, "; "), hint)
	case len(f.Kubelet.Config.Sources) == 0:
		return pass("the kubelet has no configuration of its own: all is default")
	}
	return pass(strings.Join(f.Kubelet.Config.Sources, ", "))
}

func failSwapOn(f *Facts) Finding {
	if no, ok := noKubelet(f); ok {
		return no
	}
	k := f.Kubelet.Config
	found := fmt.Sprintf("failSwapOn %t (%s)", k.FailSwapOn, k.FailSwapOnFrom)
	const hint = "set failSwapOn: false in the kubelet's configuration, then restart it"
	switch {
	case !k.FailSwapOn:
		return pass(found)
	case len(f.Areas) > 0:
		return failed(found+", and swap is on: the kubelet does not start", hint)
	}
	return warn(found+": once swap is on, the kubelet does not start", hint)
}

// noVersion is the finding of checks that need the kubelet's version, if it is
// not known.
func noVersion(f *Facts) (Finding, bool) {
	if no, ok := noKubelet(f); ok {
		return no, true
	}
	if f.Kubelet.Row == nil {
		text := "the kubelet's version could not be found out"
		if f.Kubelet.Version != "" {
			text = "Kubernetes " + f.Kubelet.Version + " is not known to this swapctl"
		}
		return unknown(text, "say which it is: --kubernetes-version 1.34"), true
	}
	return Finding{}, false
}

func featureGate(f *Facts) Finding {
	if f.Kubelet.TooOld {
		return failed("Kubernetes "+f.Kubelet.Version+" has no feature gate NodeSwap: 1.22 is the first that can give swap to containers",
			"upgrade to Kubernetes 1.30 or later")
	}
	if no, ok := noVersion(f); ok {
		return no
	}
	k, row, gate := f.Kubelet.Config, f.Kubelet.Row, f.Kubelet.Row.Gate
	on, from := k.NodeSwap, k.NodeSwapFrom
	if from == kubeletcfg.Default {
		from = fmt.Sprintf("default of Kubernetes %s, where it is %s", row.Kubernetes, gate.Stage)
	}
	found := fmt.Sprintf("NodeSwap %t (%s)", on, from)
	switch {
	case gate.Locked && !on:
		return failed(found+": it is locked to true, and the kubelet does not start", "take featureGates.NodeSwap out")
	case on:
		return pass(found)
	case k.SwapBehavior != "":
		return failed(found+", and memorySwap.swapBehavior is set ("+k.SwapBehaviorFrom+"): the kubelet does not start", "set featureGates: {NodeSwap: true}")
	}
	return Finding{Status: Warn, Found: found, Hint: "set featureGates: {NodeSwap: true}, or upgrade to Kubernetes 1.30 or later", Blocks: true}
}

func swapBehavior(f *Facts) Finding {
	if no, ok := noVersion(f); ok {
		return no
	}
	k, row := f.Kubelet.Config, f.Kubelet.Row
	meaning, legal := row.Behaviors[k.SwapBehavior]
	found := fmt.Sprintf("memorySwap.swapBehavior %s (%s)", orDefault(k.SwapBehavior), k.SwapBehaviorFrom)
	const hint = "set memorySwap: {swapBehavior: LimitedSwap} in the kubelet's configuration, then restart it"
	switch {
	case !legal:
		return failed(found+fmt.Sprintf(": Kubernetes %s knows no such behavior, and does not start", row.Kubernetes), hint)
	case meaning == kubeletcfg.MemoryLimit:
		return warn(found+fmt.Sprintf(": in Kubernetes %s a container without a memory limit may take all the swap there is", row.Kubernetes),
			"give every container a memory limit, or upgrade to Kubernetes 1.28 or later")
	case meaning == kubeletcfg.Unlimited, meaning == kubeletcfg.UnlimitedV2:
		return warn(found+fmt.Sprintf(": in Kubernetes %s every container may take all the swap there is", row.Kubernetes), hint)
	case meaning == kubeletcfg.Share:
		return pass(found)
	}
	return warn(found+": no container gets swap", hint)
}

func orDefault(behavior string) string {
	if behavior == "" {
		return `""`
	}
	return behavior
}

func startedAfterSwap(f *Facts) Finding {
	k := f.Kubelet
	switch {
	case !k.Found:
		return skip("no kubelet was found on this node")
	case !k.Running:
		return skip("the kubelet does not run")
	case k.Started == 0:
		return unknown(fmt.Sprintf("/proc/%d/stat does not say when the kubelet was started", k.PID), asRoot)
	}
	for _, a := range f.Areas {
		switch {
		case a.Since == 0:
			return unknown("when "+a.Name()+" was turned on, only systemd knows, and only root may ask it", asRoot)
		case a.Since > k.Started:
			found := fmt.Sprintf("%s was turned on %s after the boot, the kubelet was started %s after it", a.Name(), seconds(a.Since), seconds(k.Started))
			if k.Unit == "" {
				return warn(found, "restart the kubelet")
			}
			restart := "systemctl restart " + k.Unit
			return warn(found, restart).fixedBy(restart)
		}
	}
	return pass(fmt.Sprintf("/proc/%d/stat: started %s after the boot, later than every area", k.PID, seconds(k.Started)))
}

func seconds(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

func containerRuntime(f *Facts) Finding {
	r := f.Runtime
	runtime, _ := kubeletcfg.FindContainerRuntime(r.Name)
	switch {
	case r.Name == kubelet.Dockerd:
		return failed("the kubelet uses "+r.Name+": "+r.Endpoint+", which drops the swap limits: "+runtime.Otherwise,
			"let the kubelet use containerd or CRI-O: https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/")
	case r.Name == "" && r.Endpoint != "":
		return unknown("the kubelet uses "+r.Endpoint+", which is the socket of no container runtime that swapctl knows",
			"see in its manual whether it sets memory.swap.max of containers (field Unified of the CRI)")
	case r.Name == "" && !f.Kubelet.Found:
		return skip("neither a kubelet nor a container runtime was found on this node")
	case r.Name == "":
		return unknown("neither containerd nor CRI-O was found", "see what the kubelet uses: its --container-runtime-endpoint")
	case r.Version == "":
		return unknown(r.From+" does not tell its version", "ask it: "+r.Name+" --version")
	}
	found := fmt.Sprintf("%s %s (%s)", r.Name, r.Version, r.From)
	passes, known := runtime.Passing(r.Version)
	switch {
	case !known:
		return unknown(found, "ask it: "+r.Name+" --version")
	case !passes:
		return failed(found+": "+runtime.Otherwise, "upgrade it to "+runtime.Since+" or later")
	}
	return pass(found)
}
