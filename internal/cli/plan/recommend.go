package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// recommendDocument is the document of --recommend.
type recommendDocument struct {
	APIVersion string                  `json:"apiVersion"`
	Kind       string                  `json:"kind"`
	Target     limits.Target           `json:"target"`
	Nodes      []limits.Recommendation `json:"nodes"`
	Warnings   []limits.Warning        `json:"warnings"`
}

// target parses the target of --recommend.
func (o *flags) target() (limits.Target, error) {
	if o.perContainer == "" {
		if !(o.ratio > 0) || o.ratio > 1000 || math.IsNaN(o.ratio) {
			return limits.Target{}, fail.New(fail.Usage, "use --target-ratio",
				fmt.Errorf("%v is not more than 0 and at most 1000", o.ratio), "for example --target-ratio 0.5")
		}
		return limits.Target{Ratio: o.ratio}, nil
	}
	bytes, err := bytesize.Parse(o.perContainer)
	return limits.Target{PerContainerBytes: bytes},
		fail.New(fail.Usage, "use --target-per-container", err,
			bytesize.Hint("--target-per-container", o.perContainer, "for example --target-per-container 512Mi"))
}

// printRecommendation prints how much swap reaches the target. If no size does
// for any node, the plan is unfit.
func printRecommendation(a *cli.App, plan *planned, o *flags) error {
	target, err := o.target()
	if err != nil {
		return err
	}
	nodes, err := limits.Recommend(plan.Plan, target)
	if err != nil {
		return fail.New(fail.Failed, "recommend a size", err)
	}
	doc := recommendDocument{cli.APIVersion, "SwapRecommendation", target, nodes, warningsOf(plan)}
	if err := a.Print(doc, recommendView(doc).draw); err != nil {
		return err
	}
	for _, n := range nodes {
		if n.Containers > 0 {
			return nil
		}
	}
	return fail.Newf(fail.Unfit, "reach the target", "no container of this plan can get swap, whatever its size").
		Hint("see why: the same command without --recommend")
}

// recommendView prints a recommendation, a paragraph for each node.
type recommendView recommendDocument

func (v recommendView) draw(p *report.Printer, wide bool) error {
	for i, n := range v.Nodes {
		lines := []string{v.title(n)}
		if i > 0 {
			lines = []string{"", lines[0]}
		}
		needed, command := v.needed(n)
		lines = append(lines, v.present(n), needed)
		rest := append(v.parts(n, wide), v.waste(n)...)
		if err := p.Text(strings.Join(lines, "\n")); err != nil {
			return err
		}
		if command != "" {
			if err := p.Line(command); err != nil {
				return err
			}
		}
		if len(rest) > 0 {
			if err := p.Text(strings.Join(rest, "\n")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v recommendView) title(n limits.Recommendation) string {
	return report.Paint(report.Heading, fmt.Sprintf("%s: %s of memory, %s of swap",
		nodeTitle(n.Name), quantity(n.MemoryBytes), quantity(n.SwapBytes)))
}

// nodeTitle is the name of a node at the beginning of a line.
func nodeTitle(name string) string {
	if name == "" {
		return "The node"
	}
	return "Node " + report.Printable(name)
}

func (v recommendView) target() string {
	if v.Target.PerContainerBytes > 0 {
		return quantity(v.Target.PerContainerBytes) + " of swap or more"
	}
	return strconv.FormatFloat(v.Target.Ratio, 'g', -1, 64) + " of their request or more"
}

func (v recommendView) present(n limits.Recommendation) string {
	if n.Containers == 0 {
		return "  Now:     no container here can swap."
	}
	mood := report.Good
	if n.ReachedContainers < n.Containers {
		mood = report.Notice
	}
	return "  Now:     " + report.Paint(mood, fmt.Sprintf("%d of %d containers that can swap get %s.", n.ReachedContainers, n.Containers, v.target()))
}

// needed prints the size that reaches the target for all, and the command of
// setup: a swap file uses one page for its header, and whole MiB are easier to
// read.
func (v recommendView) needed(n limits.Recommendation) (text, command string) {
	const page, mebibyte = 64 << 10, 1 << 20
	switch {
	case n.Containers == 0:
		return "  Needed:  no size of swap changes that.", ""
	case n.SwapNeededBytes == nil:
		return "  Needed:  more than any disk has, for all of them.", ""
	}
	file := (*n.SwapNeededBytes + page + mebibyte - 1) / mebibyte
	return fmt.Sprintf("  Needed:  %s (%d bytes) for all:", quantity(*n.SwapNeededBytes), *n.SwapNeededBytes),
		fmt.Sprintf("           swapctl setup --size %dMi", file)
}

// parts prints for what share of the containers a smaller size is enough, and
// which container needs the most.
func (v recommendView) parts(n limits.Recommendation, wide bool) []string {
	var lines []string
	for _, need := range n.Needs {
		if n.SwapNeededBytes != nil && need.SwapBytes == *n.SwapNeededBytes && !wide {
			continue
		}
		lines = append(lines, fmt.Sprintf("           %s is enough for %d of them (%d%%).", quantity(need.SwapBytes), need.Containers, need.Percent))
	}
	if m := n.AsksMost; m != nil && (n.SwapNeededBytes == nil || n.Needs[0].SwapBytes < *n.SwapNeededBytes) {
		lines = append(lines, report.Printable(fmt.Sprintf("           The most is asked by %s/%s, container %s, which requests only %s.",
			m.Namespace, m.Pod, m.Container, quantity(m.MemoryRequestBytes))))
	}
	return lines
}

// waste says how much of the present swap no container can use.
func (v recommendView) waste(n limits.Recommendation) []string {
	if n.UnreachableSwapBytes == 0 {
		return nil
	}
	lines := []string{"  Wasted:  " + report.Paint(report.Notice, fmt.Sprintf("%s of the present swap, which no container may use:", quantity(n.UnreachableSwapBytes)))}
	for _, w := range n.Waste {
		containers := "containers"
		if w.Containers == 1 {
			containers = "container"
		}
		what := fmt.Sprintf("requested by %d %s without swap (%s)", w.Containers, containers, w.Reason)
		if w.Reason == limits.NotRequested {
			what = "that nobody requests"
		}
		lines = append(lines, fmt.Sprintf("           %s for memory %s", quantity(w.SwapBytes), what))
	}
	return lines
}
