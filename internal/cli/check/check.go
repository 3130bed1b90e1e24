// Package check is swapctl check.
package check

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/check"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/report"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/status"
	"github.com/swapctl/swapctl/internal/step"
)

// flags are the flags of 'swapctl check'.
type flags struct {
	only, ignore      []string
	strict            bool
	controlPlane      string
	kubernetesVersion string
	probeDisk         bool
	list, fixScript   bool
}

const checkLong = `Judge this node: is it ready for swap, is it safe with swap, and what is to be
done about it. Nothing is changed, and no program is run.

Every check says pass, warn, fail, skip (it does not apply, or what it stands on
failed) or unknown (it could not be seen), names the file and the value that it
judged by, and has a section in docs/checks.md. It works without root and in a
container as far as it can.

Exits with 3 when a check failed; with --strict also when one warns.`

const checkExample = `  # Everything
  sudo swapctl check

  # What would fix it
  sudo swapctl check --fix-script

  # In a pipeline
  sudo swapctl check --strict --ignore swap-device-dedicated -o junit > swap.xml

  # How fast is the disk, and what does encryption cost?
  sudo swapctl check --probe-disk --only swap-latency,encryption-cost`

// New returns the command check.
func New(a *cli.App) *cobra.Command {
	var o flags
	cmd := &cobra.Command{
		Use:        "check",
		Short:      "Judge whether this node is fit for swap, and safe with it",
		SuggestFor: []string{"doctor", "verify", "validate", "preflight", "diagnose", "test", "audit", "fix"},
		Long:       checkLong,
		Example:    checkExample,
		Args:       cli.NoArguments(nil),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.list && o.fixScript:
				return cli.Usage(cmd, errors.New("--list and --fix-script are mutually exclusive"))
			case o.list:
				return listChecks(a, cmd)
			}
			return judge(a, cmd, o)
		},
	}
	f := cmd.Flags()
	f.VarP(report.CaseFormat{Format: &a.Output, Short: true}, "output", "o", "how to print the result")
	f.StringSliceVar(&o.only, "only", nil, "only these checks, or groups of them: `ID,...`")
	f.StringSliceVar(&o.ignore, "ignore", nil, "all but these checks, or groups of them: `ID,...`")
	f.BoolVar(&o.strict, "strict", false, "a warning makes the node unfit too")
	cli.Choice(f, &o.controlPlane, "control-plane", "auto", "whether this node is of a control plane", "auto", "true", "false")
	f.StringVar(&o.kubernetesVersion, "kubernetes-version", "", "judge by this `version` instead of that of the kubelet")
	f.BoolVar(&o.probeDisk, "probe-disk", false, "measure disk and encryption too: up to 64 MiB in a temporary file, 7 seconds at most")
	f.BoolVar(&o.list, "list", false, "name all checks, and what they want")
	f.BoolVar(&o.fixScript, "fix-script", false, "print the commands that would fix what was found")
	return cmd
}

func judge(a *cli.App, cmd *cobra.Command, o flags) error {
	choice := check.Options{Only: o.only, Ignore: o.ignore, Measure: o.probeDisk, Docs: a.Docs()}
	if err := choice.Validate(); err != nil {
		return err
	}
	read := check.ReadOptions{KubernetesVersion: o.kubernetesVersion, Measure: o.probeDisk, Stale: true}
	if o.controlPlane != "auto" {
		read.ControlPlane = new(o.controlPlane == "true")
	}
	read.Managed, read.ManagedErr = managedAreas(a)
	facts, err := check.Read(cmd.Context(), a.Host, read)
	if err != nil {
		return err
	}
	r := check.Judge(facts, choice)
	if o.fixScript {
		_, err := fmt.Fprint(a.Out, r.Script())
		return cli.Printed("the result", err)
	}
	if err := printChecks(a, r); err != nil {
		return err
	}
	return r.Err(o.strict)
}

func printChecks(a *cli.App, r check.Report) error {
	var err error
	switch a.Output {
	case report.JUnit:
		err = report.WriteJUnit(a.Out, "swapctl check", cases(r))
	case report.SARIF:
		err = report.WriteSARIF(a.Out, a.Tool(), cases(r))
	case report.Short:
		err = checkView(r).drawShort(a.Stdout())
	default:
		return a.Print(r, checkView(r).draw)
	}
	return cli.Printed("the result", err)
}

// managedAreas are those that swapctl turns on at boot, according to its
// journal. To compare every step with the node, as status does, would take too
// long.
func managedAreas(a *cli.App) ([]string, error) {
	j, err := step.ReadJournal(a.Host, setup.JournalPath)
	if err != nil || j.Goal != step.GoalUp {
		return nil, err
	}
	var names []string
	for _, r := range j.Records {
		if kind, _ := step.SplitID(r.ID); kind != "swap.on" {
			continue
		}
		var want status.Managed
		if err := json.Unmarshal(r.Want, &want); err != nil {
			return nil, fail.New(fail.Failed, "understand "+setup.JournalPath, err)
		}
		if want.Mapping != "" {
			names = append(names, want.Mapping)
		} else {
			names = append(names, want.Path)
		}
	}
	return names, nil
}

// listChecks prints the catalogue.
func listChecks(a *cli.App, cmd *cobra.Command) error {
	if a.Output == report.JUnit || a.Output == report.SARIF || a.Output == report.Short {
		return cli.Usage(cmd, fmt.Errorf("--list has no results for %s", a.Output))
	}
	list := checkList{APIVersion: cli.APIVersion, Kind: "CheckList"}
	for _, c := range check.Catalogue() {
		needs := c.Needs
		if needs == nil {
			needs = []string{}
		}
		list.Checks = append(list.Checks, listedCheck{c.ID, c.Title, string(c.Severity()), c.Want, c.Why, needs, check.Options{Docs: a.Docs()}.Doc(c.ID), c.Group})
	}
	return a.Print(list, list.draw)
}

// checkList is the document of check --list.
type checkList struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Checks     []listedCheck `json:"checks"`
}

type listedCheck struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Severity string   `json:"severity"` // the worst it may say
	Want     string   `json:"want"`
	Why      string   `json:"why"`
	Needs    []string `json:"needs"`
	Doc      string   `json:"doc"`
	Group    string   `json:"group"`
}
