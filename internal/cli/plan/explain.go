package plan

import (
	"strings"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// explainDocument is the document of --explain.
type explainDocument struct {
	APIVersion string               `json:"apiVersion"`
	Kind       string               `json:"kind"`
	Containers []limits.Explanation `json:"containers"`
	Warnings   []limits.Warning     `json:"warnings"`
}

// printExplanation prints the kubelet's tests for one pod.
func printExplanation(a *cli.App, plan *planned, o *flags) error {
	namespace, name, _ := strings.Cut(o.explain, "/")
	containers, err := plan.Explain(namespace, name)
	if err != nil {
		return fail.New(fail.Usage, "explain "+o.explain, err,
			"list what is there: swapctl plan --pods "+o.pods[0]+" --sort name")
	}
	doc := explainDocument{cli.APIVersion, "SwapExplanation", containers, warningsOf(plan)}
	return a.Print(doc, explainView(containers).draw)
}

// explainView prints the tests of each container as a list of questions.
type explainView []limits.Explanation

func (v explainView) draw(p *report.Printer, wide bool) error {
	var b strings.Builder
	for i, e := range v {
		r := &e.Row
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(report.Paint(report.Heading, report.Printable(explainTitle(r))) + "\n")
		for _, t := range e.Tests {
			mark, mood := "yes", report.Good
			if !t.Passed {
				mark, mood = "no ", report.Notice
			}
			b.WriteString("  " + report.Paint(mood, mark) + "  " + report.Printable(t.Question) + " " +
				report.Paint(report.Faint, report.Printable(t.Answer)) + "\n")
			if wide {
				b.WriteString("       " + report.Paint(report.Faint, report.Printable(t.Source)) + "\n")
			}
		}
		b.WriteString("  " + report.Paint(reasonMood(r.Reason), "=>   "+string(r.Reason)+": "+explainResult(r)) + "\n")
		b.WriteString("       " + report.Printable(r.Detail) + "\n")
	}
	return p.Text(strings.TrimSuffix(b.String(), "\n"))
}

func explainTitle(r *limits.Row) string {
	what := "pod " + r.Namespace + "/" + r.Pod
	if r.Workload != "" {
		what = r.Workload + " in " + r.Namespace
	}
	if r.Node != "" {
		what += " on " + r.Node
	}
	return what + ", container " + containerName(r) + ": " + r.QOSClass +
		", request " + orNone(amount(r.MemoryRequestBytes)) + ", limit " + orNone(amount(r.MemoryLimitBytes))
}

func explainResult(r *limits.Row) string {
	if r.SwapLimitBytes == nil {
		return "no limit is set"
	}
	if *r.SwapLimitBytes == 0 {
		return "no swap (memory.swap.max reads 0)"
	}
	text := quantity(*r.SwapLimitBytes) + " of swap (" + swapExact(r.SwapLimitBytes) + " bytes"
	if r.MemorySwapMax != nil {
		text += ", memory.swap.max reads " + swapExact(r.MemorySwapMax)
	}
	return text + ")"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
