package kubeletstep

import (
	"errors"
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/systemd"
)

// meets says how a configuration differs from the desired one; nil if it does
// not.
func meets(row kubeletcfg.Row, e kubeletcfg.Effective, desired kubeletcfg.Desired) error {
	if fatal := e.Fatals(); len(fatal) > 0 {
		return fail.New(fail.Usage, "start the kubelet with its configuration", errors.New(fatal[0].String()), fatal[0].Fix)
	}
	if e.FailSwapOn {
		return overruled("failSwapOn is true", e.FailSwapOnFrom, "fail-swap-on")
	}
	if desired.CgroupVersion == 1 && e.FailCgroupV1 {
		return overruled("failCgroupV1 is true on a node with cgroup v1", e.FailCgroupV1From, "fail-cgroupv1")
	}
	given := row.Behaviors[e.SwapBehavior]
	if !e.NodeSwap {
		given = row.GateOff
	}
	if e.SwapBehavior == desired.Behavior && e.NodeSwap || desired.Behavior == kubeletcfg.NoSwap && given == kubeletcfg.None {
		return nil
	}
	return overruled(fmt.Sprintf("memorySwap.swapBehavior is %q", e.SwapBehavior), e.SwapBehaviorFrom, "feature-gates")
}

// overruled is the error of a setting that another one overrides.
func overruled(what, from, flag string) error {
	err := fmt.Errorf("%s, from %s", what, from)
	if strings.HasPrefix(from, "--") {
		err = fmt.Errorf("%s by the flag %s, which takes precedence over every file", what, from)
		return fail.New(fail.Usage, "configure the kubelet", err,
			"take the flag away: grep -rn -e "+flag+" "+strings.Join(append(systemd.UnitDirs(), kubelet.FlagFiles()...), " ")+" 2>/dev/null")
	}
	return fail.New(fail.Usage, "configure the kubelet", err, "see what it says: cat "+from)
}
