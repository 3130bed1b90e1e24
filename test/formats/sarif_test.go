// Package formats_test holds the formats that machines read against what describes them.
package formats_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // has the schema of OASIS
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/host"
)

// faulty is a file with faults of several rules, one of them twice.
const faulty = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
memorySwap:
  swapBehaviour: LimitedSwap
  swapBehavor: LimitedSwap
evictionHard:
  memory.available: 200Mi
featureGates: {NodeSwop: true}
`

// outputs are what check prints of each captured node, which a test of that command
// holds against it, and what lint prints of a faulty file.
func outputs(t *testing.T, format string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../internal/cli/check/testdata/check/*.txtar")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d nodes, %v", len(files), err)
	}
	all := map[string]string{}
	section := regexp.MustCompile(`(?s)-- check -o ` + format + `: exit code \d --\n(.*?)\n-- `)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := section.FindSubmatch(data)
		if found == nil {
			t.Fatalf("%s has no %s", file, format)
		}
		all[filepath.Base(file)] = string(found[1])
	}
	var out, errs bytes.Buffer
	root.Run(host.Local(), []string{"kubeadm-config", "lint", "--kubernetes-version=1.34", "-o", format, "-"}, cli.Process{
		In: strings.NewReader(faulty), Out: &out, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false },
	})
	if out.Len() == 0 {
		t.Fatal(errs.String())
	}
	all["lint"] = out.String()
	return all
}

// schema is that of SARIF 2.1.0, errata 01, in the source of a module that embeds it.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("sarif.json")
}

func TestSARIFIsOfItsSchema(t *testing.T) {
	s := schema(t)
	for name, text := range outputs(t, "sarif") {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		log := doc.(map[string]any)
		log["runs"].([]any)[0].(map[string]any)["surprise"] = true
		if s.Validate(doc) == nil {
			t.Fatal("the schema takes everything")
		}
	}
}

// TestCodeScanningTakesSARIF: what GitHub asks for beyond the schema.
// Source: docs.github.com, "SARIF support for code scanning", supported SARIF output file
// properties: a relative address, a line from 1 on, a fingerprint, a rule for each result
// with a description, at most 25,000 results and 5,000 bytes of them before they are cut.
func TestCodeScanningTakesSARIF(t *testing.T) {
	type text struct{ Text string }
	type rule struct {
		ID, HelpURI      string
		ShortDescription text
	}
	type location struct {
		PhysicalLocation struct {
			ArtifactLocation struct{ URI string }
			Region           struct{ StartLine, StartColumn int }
		}
	}
	type result struct {
		RuleID, Level       string
		RuleIndex           int
		Message             text
		Locations           []location
		PartialFingerprints map[string]string
	}
	for name, output := range outputs(t, "sarif") {
		var log struct {
			Version string
			Runs    []struct {
				Tool struct {
					Driver struct {
						Name  string
						Rules []rule
					}
				}
				Results []result
			}
		}
		if err := json.Unmarshal([]byte(output), &log); err != nil {
			t.Fatal(err)
		}
		run := log.Runs[0]
		if log.Version != "2.1.0" || run.Tool.Driver.Name != "swapctl" || len(run.Results) == 0 {
			t.Errorf("%s: %s of %s, %d results", name, log.Version, run.Tool.Driver.Name, len(run.Results))
		}
		seen := map[string]bool{}
		for _, r := range run.Tool.Driver.Rules {
			if seen[r.ID] || r.ID == "" || r.ShortDescription.Text == "" || !strings.HasPrefix(r.HelpURI, "https://github.com/swapctl/swapctl/blob/main/docs/") {
				t.Errorf("%s: rule %+v", name, r)
			}
			seen[r.ID] = true
		}
		prints := map[string]bool{}
		for _, r := range run.Results {
			at := r.Locations[0].PhysicalLocation
			uri, err := url.Parse(at.ArtifactLocation.URI)
			if err != nil || uri.IsAbs() || uri.Path == "" || strings.HasPrefix(uri.Path, "/") || strings.HasPrefix(uri.Path, "..") {
				t.Errorf("%s: %s is not relative: %v", name, at.ArtifactLocation.URI, err)
			}
			print := r.PartialFingerprints["primaryLocationLineHash"]
			if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Message.Text == "" || at.Region.StartLine < 1 || r.Level != "error" && r.Level != "warning" || print == "" || prints[r.RuleID+print] {
				t.Errorf("%s: %+v", name, r)
			}
			prints[r.RuleID+print] = true
			if name == "lint" && r.RuleID == "unknown-field" && (at.Region.StartLine < 4 || at.Region.StartColumn < 3) {
				t.Errorf("a field of a file has line %d, column %d", at.Region.StartLine, at.Region.StartColumn)
			}
		}
	}
}
