package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/report"
)

// Set by the linker (-ldflags -X, see Makefile); a build by 'go install' has
// them from its module instead.
var version, commit, date string //nolint:gochecknoglobals // the linker cannot set anything else

// versionDocument is what 'swapctl version -o json' prints.
type versionDocument struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Version    string            `json:"version"`
	Commit     string            `json:"commit"`
	Date       string            `json:"date"`
	GoVersion  string            `json:"goVersion"`
	Kubernetes kubernetesVersion `json:"kubernetes"`
}

type kubernetesVersion struct {
	Oldest string `json:"oldest"`
	Newest string `json:"newest"`
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Example: `  swapctl version
  swapctl version -o json | jq -r .kubernetes.newest`,
		Args: noArguments,
		RunE: a.action(func(context.Context, *cobra.Command) error {
			doc := buildVersion()
			return a.print(doc, doc.draw)
		}),
	}
}

func buildVersion() versionDocument {
	oldest, newest := kubeletcfg.Known()
	doc := versionDocument{
		APIVersion: "swapctl.dev/v1alpha1", Kind: "Version",
		Version: version, Commit: commit, Date: date, GoVersion: runtime.Version(),
		Kubernetes: kubernetesVersion{oldest, newest},
	}
	if doc.Version != "" {
		return doc
	}
	doc.Version = "devel"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return doc
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		doc.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			doc.Commit = s.Value
		case "vcs.time":
			doc.Date = s.Value
		}
	}
	return doc
}

func (d versionDocument) draw(p *report.Printer, _ bool) error {
	build := []string{d.GoVersion}
	for _, part := range []string{d.Commit, d.Date} {
		if part != "" {
			build = append(build, part)
		}
	}
	return p.Text(fmt.Sprintf("swapctl %s (%s), knows Kubernetes %s to %s",
		d.Version, strings.Join(build, ", "), d.Kubernetes.Oldest, d.Kubernetes.Newest))
}
