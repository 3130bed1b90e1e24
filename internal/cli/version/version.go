// Package version is swapctl version.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/report"
)

// versionDocument is the document of 'swapctl version -o json'.
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

// New returns the command version.
func New(a *cli.App) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Example: `  swapctl version
  swapctl version -o json | jq -r .kubernetes.newest`,
		Args: cli.NoArguments(nil),
		RunE: func(*cobra.Command, []string) error {
			doc := buildVersion(a.Build)
			return a.Print(doc, doc.draw)
		},
	}
}

func buildVersion(b cli.Build) versionDocument {
	oldest, newest := kubeletcfg.Known()
	doc := versionDocument{
		APIVersion: cli.APIVersion, Kind: "Version",
		Version: b.Version, Commit: b.Commit, Date: b.Date, GoVersion: runtime.Version(),
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
