// Package setup gives a node swap and takes it back: it turns a Config into
// the ordered table of steps, and runs them through the engine.
package setup

// Report is the document SetupReport: what setup or teardown found and did.
type Report struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Steps      []StepReport `json:"steps"`
	Changed    bool         `json:"changed"`
	Swap       *SwapReport  `json:"swap,omitempty"`
	Areas      []SwapReport `json:"areas,omitempty"` // where there are several; Swap is the first
	Warnings   []string     `json:"warnings,omitempty"`

	// State is one sentence that says what state the node is in now.
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

// SwapReport is the swap area that a setup is about.
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
