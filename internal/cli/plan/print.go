package plan

import (
	"iter"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/report"
)

// planNode is a node of the document SwapPlan.
type planNode struct {
	limits.Node
	Totals planTotals `json:"totals"`
}

// planTotals are the sums over the pods of a node.
type planTotals struct {
	limits.Totals
	OvercommitBytes     int64 `json:"overcommitBytes"`     // granted beyond the node's swap
	UnlimitedContainers int64 `json:"unlimitedContainers"` // that nothing limits
}

func planNodes(plan *planned) []planNode {
	nodes := []planNode{}
	for _, n := range plan.Nodes() {
		nodes = append(nodes, planNode{n.Node, planTotals{
			Totals: n.Totals, UnlimitedContainers: n.Unlimited,
			OvercommitBytes: max(0, n.Totals.SwapLimitBytes-n.SwapBytes),
		}})
	}
	return nodes
}

// printPlan writes the plan container by container, in each format: there may
// be millions of them.
func printPlan(a *cli.App, plan *planned, o *flags) error {
	var err error
	rows := planRows(plan, o)
	switch a.Output {
	case report.JSON, report.YAML:
		doc := report.NewDocument(a.Out, a.Output)
		doc.Member("apiVersion", cli.APIVersion)
		doc.Member("kind", "SwapPlan")
		doc.Member("nodes", planNodes(plan))
		if err = putAll(doc.List("containers"), rows, putContainer); err != nil {
			break
		}
		doc.Member("warnings", warningsOf(plan))
		err = doc.End()
	case report.CSV:
		list := report.NewCSV(a.Out, func(r *report.Records) { putContainer(r, &limits.Row{}) })
		err = putAll(list, rows, putContainer)
	case report.Table, report.Wide:
		err = planView{plan, o, a.Output == report.Wide}.draw(a.Stdout(), rows)
	}
	return cli.Printed("the result", err)
}

// warningsOf is never null in a document.
func warningsOf(plan *planned) []limits.Warning {
	return append([]limits.Warning{}, plan.Warnings()...)
}

// putAll writes records as they are computed.
func putAll[T any](list *report.Records, all iter.Seq2[T, error], put func(*report.Records, T)) error {
	for one, err := range all {
		if err != nil {
			return err
		}
		put(list, one)
		if err := list.Next(); err != nil {
			return err
		}
	}
	return list.Close()
}

// putContainer writes the fields of a container, those of limits.Row.
func putContainer(to *report.Records, r *limits.Row) {
	to.Text("node", r.Node)
	to.Text("namespace", r.Namespace)
	to.Text("pod", r.Pod)
	to.Text("workload", r.Workload)
	to.Number("replicas", r.Replicas)
	to.Text("container", r.Container)
	to.Text("type", string(r.Type))
	to.Text("qosClass", r.QOSClass)
	if r.Priority == nil {
		to.Maybe("priority", nil)
	} else {
		to.Number("priority", int64(*r.Priority))
	}
	putBytes(to, "memoryRequestBytes", r.MemoryRequestBytes)
	putBytes(to, "memoryLimitBytes", r.MemoryLimitBytes)
	to.Maybe("swapLimitBytes", r.SwapLimitBytes)
	to.Maybe("memorySwapMax", r.MemorySwapMax)
	to.Text("reason", string(r.Reason))
	to.Text("detail", r.Detail)
}

// putBytes writes a size that is absent when it is 0.
func putBytes(to *report.Records, name string, bytes int64) {
	if bytes == 0 {
		to.Maybe(name, nil)
		return
	}
	to.Number(name, bytes)
}
