package plan

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/limits"
	"github.com/swapctl/swapctl/internal/manifest"
)

// planReader makes a plan from the files that the flags name.
type planReader struct {
	app     *cli.App
	flags   *flags
	changed func(flag string) bool
	skipped []limits.Warning // objects that could not be read

	fallback []limits.Node // instead of this machine
}

// planned is a plan, and the warnings about its input.
type planned struct {
	*limits.Plan
	skipped []limits.Warning
}

// close closes the temporary file, which has no name, so nothing is left.
func (p *planned) close() { _ = p.Plan.Close() }

// nodes are those that were planned for.
func (p *planned) nodes() []limits.Node {
	var nodes []limits.Node
	for _, n := range p.Nodes() {
		nodes = append(nodes, n.Node)
	}
	return nodes
}

// Warnings returns the warnings of input and plan.
func (p *planned) Warnings() []limits.Warning {
	return append(slices.Clip(p.skipped), p.Plan.Warnings()...)
}

// read makes the plan. Every error of the input is returned now, before
// anything is printed.
func (r *planReader) read(ctx context.Context) (*planned, error) {
	// Garbage may be half of what is in use, not as much again: 5,000 nodes and 150,000
	// pods then take 29 to 31 MiB instead of 33, and no more time.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	planner := limits.NewPlanner(options)
	if err := r.nodes(ctx, planner.Add); err != nil {
		return nil, err
	}
	if err := r.pods(ctx, r.flags.pods, planner.Add); err != nil {
		return nil, err
	}
	plan, err := planner.Plan()
	if err != nil {
		return nil, r.unfit(err)
	}
	return &planned{plan, r.skipped}, nil
}

// unfit formats the error of a whole plan: that of an object, or of a node.
func (r *planReader) unfit(err error) error {
	if _, ok := errors.AsType[*limits.FieldError](err); ok || len(fail.Hints(err)) > 0 {
		return r.wrong(err)
	}
	return cli.Hinted(err, "see 'swapctl plan --help' for the flags that say how the node is: --kubernetes-version, --swap-behavior, --feature-gates")
}

// options are the planner's options.
func (r *planReader) options() (limits.Options, error) {
	o, err := r.flags.options(r.app, r.changed)
	o.Namespace = r.flags.namespace
	o.Static = r.flags.static
	o.SkipInvalid = r.flags.skipInvalid
	o.Spool = func() (limits.Spool, error) { return r.app.Host.Files.Temp() }
	if r.fallback != nil {
		o.Default = func() ([]limits.Node, error) { return r.fallback, nil }
	}
	return o, err
}

// nodes passes on the Node objects of --node or --nodes.
func (r *planReader) nodes(ctx context.Context, add func(*limits.Object) error) error {
	name := r.flags.file()
	if name == "" {
		return nil
	}
	found := 0
	err := r.input(ctx, []string{name}, func(o *limits.Object) error {
		if o.Node == nil {
			return nil
		}
		found++
		return add(o)
	})
	switch {
	case err != nil:
		return err
	case found == 0:
		return badNode(r.nodeFlag(), errors.New(name+" has no Node object"), "kubectl get node NAME -o json > node.json")
	case found > 1 && r.flags.node != "":
		return badNode("--node", errors.New(name+" has several Node objects"), "for all of them: --nodes "+name)
	}
	return nil
}

func (r *planReader) nodeFlag() string {
	if r.flags.node != "" {
		return "--node"
	}
	return "--nodes"
}

// pods passes on the objects of files, directories or standard input. Node
// objects count only if no flag describes the node.
func (r *planReader) pods(ctx context.Context, inputs []string, add func(*limits.Object) error) error {
	elsewhere := r.flags.file() != ""
	return r.input(ctx, inputs, func(o *limits.Object) error {
		if o.Node != nil && elsewhere {
			return nil
		}
		return add(o)
	})
}

func (r *planReader) input(ctx context.Context, inputs []string, add func(*limits.Object) error) error {
	o := manifest.Options{TemplatePaths: r.flags.templatePaths, Stdin: r.app.In}
	o.Foreign = func(name string, why error) {
		r.skipped = append(r.skipped, limits.Warning{Message: fmt.Sprintf("left out %s: %v", name, why)})
	}
	if r.flags.skipInvalid {
		o.Invalid = func(e *limits.FieldError) error {
			if ofNode(e) {
				return e
			}
			r.skipped = append(r.skipped, limits.Warning{Object: e.Object, Message: fmt.Sprintf("left out: %s: %s: %v", e.Source, e.Field, e.Err)})
			return nil
		}
		o.SkipFile = func(err error) error {
			r.skipped = append(r.skipped, limits.Warning{Message: "left out from there on: " + err.Error()})
			return nil
		}
	}
	return r.wrong(manifest.Read(ctx, r.app.Host.Files, inputs, o, add))
}

// wrong formats the error of an object, with a hint.
func (r *planReader) wrong(err error) error {
	if err == nil || len(fail.Hints(err)) > 0 {
		return err
	}
	if field, ok := errors.AsType[*limits.FieldError](err); ok {
		hint := "fix it, or plan all others with --skip-invalid"
		if field.Object == "object" && field.Field == "apiVersion" {
			hint = "it is no manifest: expected is what 'kubectl get pods -A -o yaml' (or json) prints, or what 'kubectl apply' takes"
		}
		if ofNode(field) {
			hint = "fix it, or say instead how the nodes are: --kubernetes-version, or --node-memory and --node-swap"
		}
		return fail.New(fail.Usage, "plan the pods", field, hint)
	}
	return cli.Hinted(err, "nothing was planned: fix it and run the command again")
}

// ofNode reports whether an error is that of a Node object.
func ofNode(e *limits.FieldError) bool {
	return e.Object == "Node" || strings.HasPrefix(e.Object, "Node ")
}

// explainName splits the name in --explain NAMESPACE/NAME, "" if it has another
// form.
func (o *flags) explainName() string {
	namespace, name, ok := strings.Cut(o.explain, "/")
	if !ok || namespace == "" || strings.Contains(name, "/") {
		return ""
	}
	return name
}
