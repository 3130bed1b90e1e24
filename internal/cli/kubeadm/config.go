// Package kubeadm is swapctl kubeadm-config and its lint.
package kubeadm

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/report"
)

// flags are the flags of 'swapctl kubeadm-config'.
type flags struct {
	version   string
	behavior  string
	kind      string
	merge     string
	outputDir string
	output    string // YAML alone
	cgroup    int
}

const kubeadmLong = `Write what kubeadm and the kubelet of a Kubernetes version must be told so that
nodes tolerate swap and give it to containers: YAML on stdout, or in a directory with
the names that kubeadm and the kubelet demand.

Kinds:
  init     for kubeadm init: kubeadm's documents and a KubeletConfiguration
  join     for kubeadm join on a node that is not like the others
  kubelet  a KubeletConfiguration, for a kubelet's --config
  dropin   a KubeletConfiguration, for a kubelet's --config-dir
  patch    a KubeletConfiguration, for kubeadm's patches

With --merge an existing file gets what it lacks. Everything else in it stays:
other documents and fields, comments, their order.

What a version cannot do is refused, with the nearest one that can.`

const kubeadmExample = `  swapctl kubeadm-config --kubernetes-version 1.34 > kubeadm-init.yaml
  swapctl kubeadm-config --kubernetes-version 1.34 --merge kubeadm.yaml
  swapctl kubeadm-config --kubernetes-version 1.34 --kind patch --output-dir /etc/kubernetes/patches
  swapctl kubeadm-config lint kubeadm.yaml`

// New returns the command kubeadm-config.
func New(a *cli.App) *cobra.Command {
	var o flags
	cmd := &cobra.Command{
		Use:        "kubeadm-config",
		Short:      "Write the kubeadm and kubelet configuration for swap",
		SuggestFor: []string{"generate", "kubelet", "kubelet-config"},
		Long:       kubeadmLong,
		Example:    kubeadmExample,
		Args:       cli.NoArguments(wordHint),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return write(a, cmd, &o)
		},
	}
	f := cmd.Flags()
	cli.ChoiceP(f, &o.output, "output", "o", string(report.YAML), "how to print the result, for kubeadm to read", string(report.YAML))
	cli.Choice(f, &o.kind, "kind", string(kubeletcfg.KindInit), "what to write", kindWords()...)
	f.StringVar(&o.behavior, "swap-behavior", kubeletcfg.LimitedSwap, "what containers get")
	cli.OneOf(f, "swap-behavior", kubeletcfg.LimitedSwap, kubeletcfg.NoSwap)
	f.StringVar(&o.merge, "merge", "", "add to this `file`, - for standard input, and keep all else in it")
	f.StringVar(&o.outputDir, "output-dir", "", "write files into this `directory` instead of to stdout")
	addKubernetes(cmd, &o.version, "kubernetesVersion of the file, or that of this node's kubelet", &o.cgroup)
	cmd.AddCommand(newLint(a))
	return cmd
}

// addKubernetes adds the flags that say whose configuration it is.
func addKubernetes(cmd *cobra.Command, version *string, byDefault string, cgroup *int) {
	f := cmd.Flags()
	f.StringVar(version, "kubernetes-version", "", "`version` of Kubernetes, like 1.34 (default "+byDefault+")")
	f.IntVar(cgroup, "cgroup-version", 2, "version of the nodes' control groups")
	cli.OneOf(f, "cgroup-version", "1", "2")
}

func kindWords() []string {
	var words []string
	for _, kind := range kubeletcfg.Kinds() {
		words = append(words, string(kind))
	}
	return words
}

// wordHint guesses what a file name without a flag is meant for.
func wordHint(cmd *cobra.Command, word string) []string {
	if near := fail.Nearest(word, []string{"lint"}); near != "" {
		return []string{fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near)}
	}
	return []string{"to add swap to a file: --merge " + word, "to look for faults in it: " + cmd.CommandPath() + " lint " + word}
}

func (o *flags) check(cmd *cobra.Command) error {
	if !slices.Contains(kubeletcfg.Behaviors(), o.behavior) { // one value is not offered, although old kubelets have it
		return cli.BadChoice(cmd, "swap-behavior", o.behavior, []string{kubeletcfg.LimitedSwap, kubeletcfg.NoSwap})
	}
	return cli.CgroupVersion(cmd, o.cgroup)
}

func write(a *cli.App, cmd *cobra.Command, o *flags) error {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return err
	}
	var existing *kubeletcfg.Source
	if o.merge != "" {
		source, err := readSource(a, o.merge)
		if err != nil {
			return err
		}
		existing = &source
		if err := kubeletcfg.Mergeable(source, kubeletcfg.Kind(o.kind)); err != nil {
			return err
		}
	}
	row, release, err := findRow(a, cmd, rows, o.version, existing)
	if err != nil {
		return err
	}
	q := kubeletcfg.Request{
		Kind:    kubeletcfg.Kind(o.kind),
		Desired: kubeletcfg.Desired{Behavior: o.behavior, CgroupVersion: o.cgroup},
		Version: release,
	}
	if o.outputDir != "" {
		if o.outputDir, err = filepath.Abs(o.outputDir); err != nil {
			return err
		}
		q.Patches = filepath.Join(o.outputDir, "patches")
	}
	files, err := makeFiles(a, row, q, existing)
	if err != nil {
		return err
	}
	if o.outputDir != "" {
		return writeFiles(a, rows, o, q, files)
	}
	_, err = a.Out.Write(files[0].Data)
	return cli.Printed("the configuration", err)
}

// makeFiles makes the files, and warns of problems in the user's own file.
func makeFiles(a *cli.App, row kubeletcfg.Row, q kubeletcfg.Request, existing *kubeletcfg.Source) ([]kubeletcfg.File, error) {
	if existing == nil {
		return row.Bundle(q)
	}
	files, notes, err := row.BundleInto(*existing, q)
	if err != nil {
		return nil, err
	}
	for _, note := range notes {
		a.Warn("%s", note)
	}
	before, merged := *existing, kubeletcfg.Source{Name: existing.Name, Data: files[0].Data}
	role := kubeletcfg.RoleConfig
	switch q.Kind {
	case kubeletcfg.KindDropin:
		role = kubeletcfg.RoleDropin
		merged.Name = q.Kind.FileName()
	case kubeletcfg.KindPatch:
		role = kubeletcfg.RolePatch
		merged.Name = q.Kind.FileName()
	case kubeletcfg.KindInit, kubeletcfg.KindJoin, kubeletcfg.KindKubelet:
	}
	before.Name = merged.Name
	options := kubeletcfg.LintOptions{Row: row, CgroupVersion: q.CgroupVersion, Roles: map[string]kubeletcfg.Role{merged.Name: role}}
	theirs := kubeletcfg.Lint([]kubeletcfg.Source{before}, options)
	for _, f := range kubeletcfg.Lint([]kubeletcfg.Source{merged}, options) {
		same := func(old kubeletcfg.Finding) bool {
			return old.Rule == f.Rule && old.Field == f.Field && old.Message == f.Message
		}
		if f.Note || !slices.ContainsFunc(theirs, same) {
			continue // problems that swapctl itself added are not reported
		}
		at := place(f)
		if f.Field != "" {
			at += ": " + f.Field
		}
		a.Warn("%s: %s: %s", at, f.Message, f.Fix)
	}
	return files, nil
}

// findRow finds the Kubernetes version: from the flag, the file, or this node's
// kubelet; with the patch release if it was named.
func findRow(a *cli.App, cmd *cobra.Command, rows kubeletcfg.Versions, version string, existing *kubeletcfg.Source) (kubeletcfg.Row, string, error) {
	if version == "" && existing != nil {
		version = kubeletcfg.VersionIn([]kubeletcfg.Source{*existing})
	}
	if version == "" {
		version = a.Node.KubeletVersion(cmd.Context(), a.Host)
	}
	if version == "" {
		return kubeletcfg.Row{}, "", cli.Usage(cmd, errors.New("Kubernetes version not specified"), //nolint:staticcheck // a name
			"--kubernetes-version $(kubeadm version -o short), or for example --kubernetes-version "+rows.Newest())
	}
	row, err := rows.Find(version)
	if err != nil {
		return row, "", badVersion(rows, err)
	}
	release := "v" + strings.TrimPrefix(version, "v")
	if strings.Count(release, ".") < 2 {
		release = ""
	}
	return row, release, nil
}

// badVersion is the error of a version that swapctl does not know.
func badVersion(rows kubeletcfg.Versions, err error) error {
	unknown, ok := errors.AsType[*kubeletcfg.UnknownError](err)
	switch {
	case !ok:
		return fail.New(fail.Usage, "use --kubernetes-version", err, "for example --kubernetes-version "+rows.Newest())
	case unknown.Newer:
		return fail.New(fail.Usage, "use --kubernetes-version", err, "a newer swapctl may know it; the newest that this one knows: --kubernetes-version "+rows.Newest())
	}
	return fail.New(fail.Usage, "use --kubernetes-version", fmt.Errorf("%w: a kubelet cannot use swap before %s", err, rows.Oldest()),
		"the first that can: --kubernetes-version "+rows.Oldest())
}

// readSource reads a file, or standard input for "-".
func readSource(a *cli.App, name string) (kubeletcfg.Source, error) {
	source := kubeletcfg.Source{Name: name}
	if name == "-" {
		source.Name = "standard input"
	}
	var err error
	source.Data, err = a.ReadInput(name, host.FileLimit)
	return source, fail.New(fail.Usage, "read "+source.Name, err, "nothing was written: name a file that can be read")
}
