// Package plan is swapctl plan.
package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/report"
)

// flags are the flags of 'swapctl plan'.
type flags struct {
	pods          []string
	templatePaths []string
	namespace     string
	static        bool
	skipInvalid   bool

	nodeFlags

	sort          string
	onlySwappable bool
	explain       string
	diff          string
	recommend     bool
	perContainer  string
	ratio         float64
}

const planLong = `Say what swap limit the kubelet will give every container, to the byte, and why,
before anything is deployed.

Pods come from --pods: files, directories or '-' (standard input), YAML or JSON,
gzip as well, several documents and Lists, as kubectl prints them or as people
write them. Pods and all workloads with a pod template count, PriorityClass and
LimitRange objects are applied, anything else is named in a warning. A Pod that an
API server gave a metadata.uid counts as it stands; everything else gets the
defaults that an API server would give it.

The node is the first of these that is said:
  --node FILE, --nodes FILE     Node objects, as kubectl prints them
  --node-memory, --node-swap    sizes; the other one is this machine's
  Node objects among the pods
  this machine
With several nodes a pod is planned on its spec.nodeName, a DaemonSet on every
node that its node selector and affinity admit, and a pod without a node on each
of them. Given with Node objects, --node-swap is the swap of those that do not
report theirs (kubelets before 1.33).`

const planExample = `  # What would the pods of this cluster get on its own nodes?
  kubectl get nodes,pods -A -o json | swapctl plan --pods -

  # Manifests, on a node that is yet to be bought
  swapctl plan --pods manifests/ --node-memory 64Gi --node-swap 32Gi

  # Why does this one get none?
  swapctl plan --pods web.yaml --explain default/web

  # How much swap lets every container have 512Mi of it?
  swapctl plan --pods manifests/ --recommend --target-per-container 512Mi

  # Who gains, who loses with half the swap?
  swapctl plan --pods manifests/ --node-memory 64Gi --node-swap 32Gi --diff swap=16Gi`

// New is the command plan.
func New(a *cli.App) *cobra.Command {
	var o flags
	cmd := &cobra.Command{
		Use:        "plan",
		Short:      "Tell what swap every container will get, and why",
		SuggestFor: []string{"simulate", "estimate", "calculate", "recommend", "explain", "diff", "pods", "limits"},
		Long:       planLong,
		Example:    planExample,
		Args: cli.NoArguments(func(_ *cobra.Command, word string) []string {
			return []string{"a file with pods has a flag: --pods " + word}
		}),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd, a.Output == report.CSV); err != nil {
				return err
			}
			return answer(cmd.Context(), a, cmd, &o)
		},
	}
	f := cmd.Flags()
	f.VarP(report.RowFormat{Format: &a.Output}, "output", "o", "how to print the result")
	f.StringArrayVarP(&o.pods, "pods", "f", nil, "`file` or directory with pods, - for standard input; may be repeated")
	f.StringArrayVar(&o.templatePaths, "template-path", nil, "where a kind keeps its pod template: example.org/Set=spec.groups[].template, or a `path` for all kinds; may be repeated")
	f.StringVar(&o.namespace, "namespace", "default", "`namespace` of objects that name none")
	f.BoolVar(&o.static, "static", false, "the pods are static pods of a node, which the kubelet takes for critical ones")
	f.BoolVar(&o.skipInvalid, "skip-invalid", false, "warn of pods that an API server would refuse, and of files that cannot be read, and plan the others")
	o.nodeFlags.add(cmd)
	cli.Choice(f, &o.sort, "sort", "", "order of the containers: swap and request begin with the largest; otherwise that of the input", "swap", "request", "name")
	f.BoolVar(&o.onlySwappable, "only-swappable", false, "leave out containers that get no swap")
	f.StringVar(&o.explain, "explain", "", "walk through the kubelet's tests for this pod or workload: `namespace/name`")
	f.BoolVar(&o.recommend, "recommend", false, "say how much swap reaches a target, and where the present swap goes")
	f.StringVar(&o.perContainer, "target-per-container", "", "with --recommend: `size` that every container can swap")
	f.Float64Var(&o.ratio, "target-ratio", 0, "with --recommend: `share` of its memory request that every container can swap, like 0.5")
	f.StringVar(&o.diff, "diff", "", "show what changes with `other` pods (a file or directory), or on another node (swap=8Gi,memory=32Gi)")
	return cmd
}

// check refuses flags that have no meaning together.
func (o *flags) check(cmd *cobra.Command, csv bool) error {
	said := func(names ...string) (first string) {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return "--" + name
			}
		}
		return ""
	}
	if len(o.pods) == 0 {
		return cli.Usage(cmd, errors.New("no pods given: use --pods"),
			"swapctl plan --pods FILE, or kubectl get pods -A -o json | swapctl plan --pods -")
	}
	var jobs []string
	for _, name := range []string{"explain", "recommend", "diff"} {
		if job := said(name); job != "" {
			jobs = append(jobs, job)
		}
	}
	list := said("sort", "only-swappable")
	target := said("target-per-container", "target-ratio")
	switch {
	case len(jobs) > 1:
		return cli.Usage(cmd, fmt.Errorf("%s and %s are mutually exclusive", jobs[0], jobs[1]))
	case len(jobs) > 0 && list != "" && (list != "--only-swappable" || jobs[0] != "--diff"):
		return cli.Usage(cmd, fmt.Errorf("%s has no effect with %s", list, jobs[0]))
	case target != "" && !o.recommend:
		return cli.Usage(cmd, fmt.Errorf("%s needs --recommend", target))
	case o.recommend && o.perContainer != "" && said("target-ratio") != "":
		return cli.Usage(cmd, errors.New("--recommend needs one target, not two"), "leave --target-per-container or --target-ratio out")
	case o.recommend && o.perContainer == "" && said("target-ratio") == "":
		return cli.Usage(cmd, errors.New("--recommend needs one target"),
			"for example --target-per-container 512Mi, or --target-ratio 0.5")
	case csv && (o.recommend || o.explain != ""):
		return cli.Usage(cmd, fmt.Errorf("--output: %s has no rows for csv", jobs[0]), "use -o json or -o yaml")
	case said("explain") != "" && o.explainName() == "":
		return cli.Usage(cmd, fmt.Errorf("--explain: %q is not a namespace and a name", o.explain),
			"for example --explain default/web")
	}
	return o.nodeFlags.check(cmd, o)
}

// answer prints what was requested.
func answer(ctx context.Context, a *cli.App, cmd *cobra.Command, o *flags) error {
	reader := &planReader{app: a, flags: o, changed: cmd.Flags().Changed}
	if o.diff != "" {
		return printDifference(ctx, a, reader)
	}
	plan, err := reader.read(ctx)
	if err != nil {
		return err
	}
	defer plan.close()
	printWarnings(a, plan, o)
	switch {
	case o.explain != "":
		return printExplanation(a, plan, o)
	case o.recommend:
		return printRecommendation(a, plan, o)
	}
	return printPlan(a, plan, o)
}

// printWarnings prints what is planned for, if nobody said it, and the warnings where
// the result does not have them.
func printWarnings(a *cli.App, plan *planned, o *flags) {
	if o.note != "" {
		a.Note("planned for %s", o.note)
	}
	const most = 20
	warnings := plan.Warnings()
	for i, w := range warnings {
		if i == most {
			a.Warn("and %d more; -o json has all of them", len(warnings)-most)
			return
		}
		if w.Object != "" {
			a.Warn("%s: %s", w.Object, w.Message)
		} else {
			a.Warn("%s", w.Message)
		}
	}
}
