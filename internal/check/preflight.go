package check

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// PreflightOptions say what setup is about to do.
type PreflightOptions struct {
	ReadOptions

	Encrypt bool     // swap will be encrypted
	Kubelet bool     // setup configures the kubelet as well
	Ignore  []string // IDs of checks that are ignored
}

// asks reports whether setup runs a check.
func (o PreflightOptions) asks(c Check) bool {
	return c.Preflight == Always || c.Preflight == WhenEncrypting && o.Encrypt || c.Preflight == WhenKubeletIsLeft && !o.Kubelet
}

// preflight are the checks that say whether a node may be given swap: of their
// names, whether only a kubelet suffers from their failure.
func (o PreflightOptions) preflight() map[string]bool {
	checks := map[string]bool{}
	for _, c := range Catalogue() {
		if o.asks(c) {
			checks[c.ID] = c.ForKubelet
		}
	}
	return checks
}

// Preflight judges a node before setup gives it swap. It returns the results
// that are not good, which are printed as warnings; the error, with fail.Unfit,
// names those that failed, and how to continue anyway. Checks of control groups
// and of the runtime fail only if there is a kubelet.
func Preflight(ctx context.Context, h host.Host, o PreflightOptions) ([]Result, error) {
	if err := (Options{Ignore: o.Ignore}).Validate(); err != nil {
		return nil, err
	}
	f, err := Read(ctx, h, o.ReadOptions)
	if err != nil {
		return nil, fail.New(0, "look at this node", err)
	}
	asked := o.preflight()
	report := Judge(f, Options{Only: slices.Collect(maps.Keys(asked)), Ignore: o.Ignore})
	var notable []Result
	var bad []string
	for _, r := range report.Checks {
		if r.Status == Fail && !f.Kubelet.Found && asked[r.ID] {
			r.Status = Warn
		}
		if r.Status == Warn || r.Status == Fail {
			notable = append(notable, r)
		}
		if r.Status == Fail {
			bad = append(bad, r.ID)
		}
	}
	if len(bad) == 0 {
		return notable, nil
	}
	refusal := fail.Newf(fail.Unfit, "set up swap", "node is not ready for it: %s", failedChecks(bad))
	for _, r := range notable {
		if r.Status == Fail {
			_ = refusal.Hint("%s: %s; %s", r.ID, r.Found, r.Hint)
		}
	}
	return notable, refusal.Hint("to continue anyway: --ignore %s", strings.Join(bad, ","))
}
