package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
)

// Report is the document CheckReport.
type Report struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Checks     []Result `json:"checks"`
	Summary    Summary  `json:"summary"`
	// Eviction is the arithmetic of eviction-threshold, absent if the check did
	// not run or the arithmetic is not possible.
	Eviction *Eviction `json:"eviction,omitempty"`
}

// Result is the result of one check.
type Result struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Want   string `json:"want"`
	Why    string `json:"why"`
	Hint   string `json:"hint"`
	Doc    string `json:"doc"`
	Group  string `json:"group"`

	commands []string // Finding.Commands
}

// Summary counts the results by status.
type Summary struct {
	Pass    int `json:"pass"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Skip    int `json:"skip"`
	Unknown int `json:"unknown"`
}

// Options select checks.
type Options struct {
	Only   []string // IDs of checks and groups; empty: all
	Ignore []string // the same, to leave out
	// Measure takes the measurements as well.
	Measure bool
	// Docs is the address below which the documents are.
	Docs string
}

// Doc is where the check is documented.
func (o Options) Doc(id string) string { return o.Docs + "checks.md#" + id }

// Validate refuses unknown IDs.
func (o Options) Validate() error {
	ids := selectable()
	for _, list := range []struct {
		flag string
		ids  []string
	}{{"only", o.Only}, {"ignore", o.Ignore}} {
		for _, id := range list.ids {
			if !slices.Contains(ids, id) {
				return fail.New(fail.Usage, "use --"+list.flag, fmt.Errorf("there is no check %q, nor a group of them", id), hintAtID(id, ids)...)
			}
		}
	}
	return nil
}

// hintAtID says which check was probably meant: one that begins so, or is nearly called
// so.
func hintAtID(typed string, ids []string) []string {
	all := "swapctl check --list names them all"
	meant := fail.Beginning(typed, ids)
	if len(meant) == 0 {
		meant = []string{fail.Nearest(typed, ids)}
	}
	if meant[0] == "" || len(meant) > 5 {
		return []string{all}
	}
	return []string{"did you mean " + strings.Join(meant, ", or ") + "?", all}
}

// wants reports whether a check is selected.
func (o Options) wants(c Check) bool {
	switch {
	case c.named(o.Ignore):
		return false
	case len(o.Only) > 0:
		return c.named(o.Only)
	}
	return !c.Measures || o.Measure
}

// Judge runs the checks on the facts. Checks that a selected check needs are
// run as well, but not reported.
func Judge(f *Facts, o Options) Report {
	r := Report{APIVersion: "swapctl.dev/v1alpha1", Kind: "CheckReport", Checks: []Result{}}
	blamed := map[string]blame{}
	for _, c := range Catalogue() {
		asked := o.wants(c)
		if !asked && c.Measures {
			continue
		}
		finding := c.judge(f, blamed)
		if !asked {
			continue
		}
		r.Checks = append(r.Checks, c.result(finding, o.Doc(c.ID)))
		r.Summary.count(finding.Status)
		if c.ID == evictionID && finding.Status != Skip {
			r.Eviction = solved(f)
		}
	}
	return r
}

// blame says why a check that needs this one does not run: this one failed, or
// is unknown.
type blame struct {
	id      string
	unknown bool
	finding Finding
}

// judge runs the check unless one that it needs failed or is unknown, and
// records in blamed what later checks need not repeat. What cannot be seen is
// not a pass: whatever needs it is unknown too, along every path.
func (c Check) judge(f *Facts, blamed map[string]blame) Finding {
	var unseen *blame
	for _, id := range c.Needs {
		b, ok := blamed[id]
		if ok && !b.unknown {
			blamed[c.ID] = b
			return skip("see " + b.id)
		}
		if ok && unseen == nil {
			unseen = &b
		}
	}
	if unseen != nil {
		blamed[c.ID] = *unseen
		return unknown("see "+unseen.id+": "+unseen.finding.Found, unseen.finding.Hint)
	}
	finding := c.Run(f)
	if finding.Hint == asRoot && f.Root {
		finding.Hint = seenFromOutside(f)
	}
	if finding.Status == Fail || finding.Blocks || finding.Status == Unknown {
		blamed[c.ID] = blame{c.ID, finding.Status == Unknown, finding}
	}
	return finding
}

func (c Check) result(f Finding, doc string) Result {
	return Result{
		ID: c.ID, Title: c.Title, Status: f.Status,
		Found: f.Found, Want: c.Want, Why: c.Why, Hint: f.Hint, Doc: doc, Group: c.Group, commands: f.Commands,
	}
}

func (s *Summary) count(status Status) {
	switch status {
	case Pass:
		s.Pass++
	case Warn:
		s.Warn++
	case Fail:
		s.Fail++
	case Skip:
		s.Skip++
	case Unknown:
		s.Unknown++
	}
}

// Err says what makes the node unfit, with fail.Unfit: failures, and with
// strict also warnings. It is nil if there are none.
func (r Report) Err(strict bool) error {
	var bad []string
	for _, c := range r.Checks {
		if c.Status == Fail || strict && c.Status == Warn {
			bad = append(bad, c.ID)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fail.Newf(fail.Unfit, "", "node is not ready for swap: %s", failedChecks(bad)).
		Hint("each has a reason and a remedy above, and a section in docs/checks.md; --ignore ID leaves one out")
}

func failedChecks(ids []string) string {
	checks := "checks"
	if len(ids) == 1 {
		checks = "check"
	}
	return fmt.Sprintf("%d %s failed (%s)", len(ids), checks, strings.Join(ids, ", "))
}
