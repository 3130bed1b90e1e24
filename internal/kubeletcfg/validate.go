package kubeletcfg

import (
	"errors"
	"fmt"
	"slices"
)

// validate finds mistakes in a row, so that a typing error in versions.yaml
// cannot change a plan.
func (r Row) validate() error {
	if minor(r.Kubernetes) < 0 {
		return errors.New("kubernetes: want a minor like 1.34")
	}
	if r.Source == "" || len(r.Files) == 0 {
		return errors.New("source, files: say where the row was read")
	}
	if !slices.Contains([]string{"alpha", "beta", "GA"}, r.Gate.Stage) {
		return fmt.Errorf("gate.stage: %q is not a stage", r.Gate.Stage)
	}
	if r.Gate.Locked && !r.Gate.Default {
		return errors.New("gate: locked to off")
	}
	if !slices.Contains([]Meaning{None, Unset}, r.GateOff) {
		return fmt.Errorf("gateOff: %q is not a meaning", r.GateOff)
	}
	if !slices.Contains([]PodLevel{PodLevelOff, PodLevelEarly, PodLevelLate}, r.PodLevelResources) {
		return fmt.Errorf("podLevelResources: %q is not a way", r.PodLevelResources)
	}
	if _, ok := r.Behaviors[""]; !ok || len(r.Behaviors) < 2 {
		return errors.New(`behaviors: want "" and at least one more`)
	}
	for name, meaning := range r.Behaviors {
		if !slices.Contains([]Meaning{None, Share, Unlimited, UnlimitedV2, MemoryLimit}, meaning) {
			return fmt.Errorf("behaviors: %q: %q is not a meaning", name, meaning)
		}
	}
	if err := r.validateColumns(); err != nil {
		return err
	}
	return r.validateTests()
}

func (r Row) validateTests() error {
	seen := map[Test]bool{}
	for _, test := range r.Tests {
		switch test {
		case TestController, TestGate, TestBehavior, TestCgroup, TestCritical, TestQOS, TestRequest, TestEqual:
		default:
			return fmt.Errorf("tests: %q is not a test", test)
		}
		if seen[test] {
			return fmt.Errorf("tests: %q stands twice", test)
		}
		seen[test] = true
	}
	if !seen[TestGate] || !seen[TestBehavior] {
		return errors.New("tests: every kubelet asks for the gate and the behavior")
	}
	return nil
}
