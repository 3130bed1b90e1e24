package plan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// plannedPair is the two plans that --diff compares.
type plannedPair struct{ before, after *planned }

// printDifference prints what changes with other pods, or on a node of another
// size.
func printDifference(ctx context.Context, a *cli.App, r *planReader) error {
	pair, err := r.readPair(ctx)
	if err != nil {
		return err
	}
	defer pair.before.close()
	defer pair.after.close()
	printWarnings(a, pair.after, r.flags)
	return printDiff(a, pair, r.flags)
}

// readPair makes both plans. Two sizes of a node share one reading, so that the
// input may be standard input.
func (r *planReader) readPair(ctx context.Context) (*plannedPair, error) {
	sizes, isSizes, err := parseNodeSizes(r.flags.diff)
	if _, statErr := r.app.Host.Files.Stat(r.flags.diff); statErr == nil || !isSizes {
		return r.readTwo(ctx)
	}
	if err != nil {
		return nil, fail.New(fail.Usage, "use --diff", err,
			"for another node: --diff swap=8Gi,memory=32Gi; for other pods: --diff FILE")
	}
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	before := limits.NewPlanner(options)
	after := limits.NewPlanner(resized(options, sizes))
	both := func(o *limits.Object) error {
		if err := before.Add(o); err != nil {
			return err
		}
		return after.Add(resizedNode(o, sizes))
	}
	if err := r.nodes(ctx, both); err != nil {
		return nil, err
	}
	if err := r.pods(ctx, r.flags.pods, both); err != nil {
		return nil, err
	}
	return r.pair(before, after)
}

// readTwo reads --pods, and then OTHER separately. Node objects of a file apply
// to both; Node objects among the pods apply to OTHER if it has none.
func (r *planReader) readTwo(ctx context.Context) (*plannedPair, error) {
	if r.flags.file() == "-" {
		return nil, fail.New(fail.Usage, "use --diff", errors.New("the Node objects are needed twice, and standard input can be read only once"),
			"put them into a file: "+r.nodeFlag()+" node.json")
	}
	before, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	flags := *r.flags
	flags.pods = []string{flags.diff}
	other := &planReader{app: r.app, flags: &flags, changed: r.changed, fallback: before.nodes()}
	after, err := other.read(ctx)
	if err != nil {
		before.close()
		return nil, err
	}
	return &plannedPair{before, after}, nil
}

func (r *planReader) pair(before, after *limits.Planner) (*plannedPair, error) {
	old, err := before.Plan()
	if err != nil {
		return nil, r.unfit(err)
	}
	other, err := after.Plan()
	if err != nil {
		_ = old.Close() // its error would hide this one
		return nil, r.unfit(err)
	}
	return &plannedPair{&planned{old, nil}, &planned{other, r.skipped}}, nil
}

// nodeSizes are the sizes of --diff swap=8Gi,memory=32Gi; nil: unchanged.
type nodeSizes struct{ memory, swap *int64 }

// parseNodeSizes parses them. isSizes is false if the text is not of this form.
func parseNodeSizes(text string) (sizes nodeSizes, isSizes bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		var bytes int64
		switch {
		case !ok || name != "swap" && name != "memory":
			if !isSizes {
				return sizes, false, nil
			}
			return sizes, true, fmt.Errorf("%q is neither swap=SIZE nor memory=SIZE", part)
		case name == "swap":
			bytes, err = parseSwap(value, 0)
			sizes.swap = &bytes
		default:
			bytes, err = bytesize.Parse(value)
			sizes.memory = &bytes
		}
		isSizes = true
		if err != nil {
			return sizes, true, fmt.Errorf("%s: %w", name, err)
		}
	}
	return sizes, isSizes, nil
}

// resized are the options with nodes of other sizes.
func resized(o limits.Options, s nodeSizes) limits.Options {
	all := func(nodes []limits.Node) []limits.Node {
		other := make([]limits.Node, len(nodes))
		for i, n := range nodes {
			other[i] = s.of(n)
		}
		return other
	}
	base := o.Default
	o.Nodes = all(o.Nodes)
	o.Base = s.of(o.Base)
	o.Default = func() ([]limits.Node, error) {
		nodes, err := base()
		return all(nodes), err
	}
	return o
}

func (s nodeSizes) of(n limits.Node) limits.Node {
	if s.memory != nil {
		n.MemoryBytes = *s.memory
	}
	if s.swap != nil {
		n.SwapBytes = *s.swap
	}
	return n
}

// resizedNode returns a Node object with other sizes; other objects are
// returned unchanged.
func resizedNode(o *limits.Object, s nodeSizes) *limits.Object {
	if o.Node == nil {
		return o
	}
	object, node := *o, *o.Node
	if s.memory != nil {
		node.MemoryCapacity = s.memory
	}
	if s.swap != nil {
		node.SwapCapacity = s.swap
	}
	object.Node = &node
	return &object
}

// diffSummary counts what changed.
type diffSummary struct {
	Same    int64 `json:"same"`
	Changed int64 `json:"changed"`
	Added   int64 `json:"added"`
	Removed int64 `json:"removed"`

	MoreSwap int64 `json:"moreSwap"` // containers, new ones among them
	LessSwap int64 `json:"lessSwap"` // and those that are gone
}

func (s *diffSummary) count(c *limits.Change) {
	switch c.Kind {
	case limits.Same:
		s.Same++
	case limits.Changed:
		s.Changed++
	case limits.Added:
		s.Added++
	case limits.Removed:
		s.Removed++
	}
	switch compareSwap(c.Before, c.After) {
	case 1:
		s.MoreSwap++
	case -1:
		s.LessSwap++
	}
}

// changes are the rows of the difference that are printed; s counts all.
func (d *plannedPair) changes(o *flags, s *diffSummary) iter.Seq2[*limits.Change, error] {
	return func(yield func(*limits.Change, error) bool) {
		*s = diffSummary{}
		for c, err := range limits.Diff(d.before.Plan, d.after.Plan) {
			if err == nil {
				s.count(c)
				if c.Kind == limits.Same || o.onlySwappable && !getsSwap(c.Before) && !getsSwap(c.After) {
					continue
				}
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func getsSwap(o *limits.Outcome) bool {
	return o != nil && (o.SwapLimitBytes == nil || *o.SwapLimitBytes > 0)
}

// printDiff writes the difference.
func printDiff(a *cli.App, d *plannedPair, o *flags) error {
	var err error
	var sum diffSummary
	changes := d.changes(o, &sum)
	switch a.Output {
	case report.JSON, report.YAML:
		doc := report.NewDocument(a.Out, a.Output)
		doc.Member("apiVersion", cli.APIVersion)
		doc.Member("kind", "SwapPlanDiff")
		doc.Member("nodesBefore", planNodes(d.before))
		doc.Member("nodesAfter", planNodes(d.after))
		if err = putAll(doc.List("changes"), changes, putChange); err != nil {
			break
		}
		doc.Member("summary", sum)
		doc.Member("warnings", warningsOf(d.after))
		err = doc.End()
	case report.CSV:
		list := report.NewCSV(a.Out, func(r *report.Records) { putChange(r, &limits.Change{}) })
		err = putAll(list, changes, putChange)
	case report.Table, report.Wide:
		err = diffView{plannedPair: d, wide: a.Output == report.Wide}.draw(a.Stdout(), changes, &sum)
	}
	return cli.Printed("the result", err)
}

// putChange writes the fields of a change.
func putChange(to *report.Records, c *limits.Change) {
	to.Text("change", string(c.Kind))
	to.Text("namespace", c.Namespace)
	to.Text("pod", c.Pod)
	to.Text("workload", c.Workload)
	to.Text("container", c.Container)
	to.Text("type", string(c.Type))
	before, after := c.Before, c.After
	if before == nil {
		before = &limits.Outcome{}
	}
	if after == nil {
		after = &limits.Outcome{}
	}
	to.Text("nodeBefore", before.Node)
	to.Text("nodeAfter", after.Node)
	to.Maybe("replicasBefore", ifThere(c.Before, before.Replicas))
	to.Maybe("replicasAfter", ifThere(c.After, after.Replicas))
	putBytes(to, "memoryRequestBeforeBytes", before.MemoryRequestBytes)
	putBytes(to, "memoryRequestAfterBytes", after.MemoryRequestBytes)
	to.Maybe("swapLimitBeforeBytes", before.SwapLimitBytes)
	to.Maybe("swapLimitAfterBytes", after.SwapLimitBytes)
	to.Text("reasonBefore", string(before.Reason))
	to.Text("reasonAfter", string(after.Reason))
}

func ifThere(o *limits.Outcome, n int64) *int64 {
	if o == nil {
		return nil
	}
	return &n
}
