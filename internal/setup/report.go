// Package setup gives a node swap and removes it: it turns a Config into the
// ordered list of steps, and runs them with the engine.
package setup

import (
	"slices"

	"github.com/swapctl/swapctl/internal/step"
)

// Report is the document SetupReport: what setup or teardown found and did.
type Report struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Steps      []StepReport `json:"steps"`
	Changed    bool         `json:"changed"`
	Swap       *SwapReport  `json:"swap,omitempty"`
	Areas      []SwapReport `json:"areas,omitempty"` // if there are several; Swap is the first
	Restarts   []Restart    `json:"restarts,omitempty"`
	Warnings   []string     `json:"warnings,omitempty"`

	// State is one sentence: the state of the node now.
	State string `json:"-"`
	// Pending reports whether a dry run found anything to do.
	Pending bool `json:"-"`
}

// StepReport is one step of a Report.
type StepReport struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	State  string   `json:"state"` // todo, done, blocked, changed, undone or failed
	Found  string   `json:"found"`
	ByHand []string `json:"byHand"`
	Why    string   `json:"why"`
}

// Restart is a unit that reads what the steps change when it starts.
type Restart struct {
	Unit  string `json:"unit"`
	State string `json:"state"` // todo, restarted, or owed: the user has to restart it
}

// restarts lists the units that the steps restart, with the result.
func restarts(out step.Outcome, dryRun bool) []Restart {
	var all []Restart
	add := func(unit, state string) {
		known := slices.ContainsFunc(all, func(r Restart) bool { return r.Unit == unit })
		if unit != "" && !known {
			all = append(all, Restart{unit, state})
		}
	}
	for _, unit := range out.Restarted {
		add(unit, "restarted")
	}
	for _, unit := range out.RestartPending {
		add(unit, "owed")
	}
	for _, it := range out.Items {
		if dryRun && it.State == step.ItemTodo {
			add(it.Info.Restarts, "todo")
			add(it.Was.Restarts, "todo")
		}
	}
	return all
}

// SwapReport is the swap area of a setup.
type SwapReport struct {
	Name      string `json:"name,omitempty"` // where there are several
	Path      string `json:"path"`
	Kind      string `json:"kind"` // file or partition
	SizeBytes int64  `json:"sizeBytes"`
	Encrypted bool   `json:"encrypted"`
	Mapping   string `json:"mapping,omitempty"`
	Priority  *int   `json:"priority,omitempty"`
}

func newReport(state string) Report {
	return Report{APIVersion: "swapctl.dev/v1alpha1", Kind: "SetupReport", Steps: []StepReport{}, State: state}
}

// warn adds a warning, if there is one.
func (r *Report) warn(text string) {
	if text != "" {
		r.Warnings = append(r.Warnings, text)
	}
}
