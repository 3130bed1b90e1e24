package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// gate is a feature gate: the minors that have it, and since which minor it can
// only be set to one value.
type gate struct {
	first, last int
	locked      int // 0: never
	value       bool
}

// spec is the state of a gate from some minor on.
type spec struct {
	since           int
	locked, enabled bool
}

func gatesOf(releases []release) ([]byte, error) {
	gates := map[string]*gate{}
	see := func(name string, minor int, locked, value bool) {
		g := gates[name]
		if g == nil {
			g = &gate{first: minor, last: minor}
			gates[name] = g
		}
		g.first, g.last = min(g.first, minor), max(g.last, minor)
		if locked && (g.locked == 0 || minor < g.locked) {
			g.locked, g.value = minor, value
		}
	}
	oldest := releases[0].minor
	for _, r := range releases {
		found, err := r.gates()
		if err != nil {
			return nil, err
		}
		for name, specs := range found {
			for minor := oldest; minor <= r.minor; minor++ {
				if s, ok := at(specs, minor); ok && (len(specs) > 1 || specs[0].since > 0 || minor == r.minor) {
					see(name, minor, s.locked, s.enabled)
				}
			}
		}
	}
	newest := releases[len(releases)-1].minor
	var b bytes.Buffer
	b.WriteString("# Made by test/upstream/facts from Kubernetes' source: the feature gates that a\n" +
		"# kubelet takes, the minors 1.x that know them, and what they are locked to since\n# when.\n\n")
	for _, name := range slices.SortedFunc(maps.Keys(gates), strings.Compare) {
		g := gates[name]
		fmt.Fprintf(&b, "%s %s", name, minors(g.first, g.last, newest))
		if g.locked > 0 {
			fmt.Fprintf(&b, " %v@%d", g.value, g.locked)
		}
		b.WriteString("\n")
	}
	return b.Bytes(), nil
}

// at returns the newest spec up to a minor.
func at(specs []spec, minor int) (spec, bool) {
	found, ok := spec{}, false
	for _, s := range specs {
		if s.since <= minor {
			found, ok = s, true
		}
	}
	return found, ok
}

// gates returns the gates of the kubelet and of the libraries of the API server
// and of clients, which the kubelet registers as well; a release with one list
// for all of Kubernetes has all of them.
func (r release) gates() (map[string][]spec, error) {
	found := map[string][]spec{}
	for _, dir := range []string{r.kubernetes + "/pkg", r.apiserver + "/pkg", r.client} {
		if err := parse(dir, found); err != nil {
			return nil, err
		}
	}
	for _, list := range []string{"versioned_feature_list.yaml", "unversioned_feature_list.yaml"} {
		text, err := os.ReadFile(filepath.Join(r.kubernetes, "test/compatibility_lifecycle/reference", list))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var all []struct {
			Name           string `json:"name"`
			VersionedSpecs []struct {
				Default       bool   `json:"default"`
				LockToDefault bool   `json:"lockToDefault"`
				Version       string `json:"version"`
			} `json:"versionedSpecs"`
		}
		if err := yaml.Unmarshal(text, &all); err != nil {
			return nil, fmt.Errorf("%s of 1.%d: %w", list, r.minor, err)
		}
		for _, g := range all {
			var specs []spec
			for _, s := range g.VersionedSpecs {
				_, minor, _ := strings.Cut(s.Version, ".")
				since, err := strconv.Atoi(minor)
				if err != nil {
					since = 0
				}
				specs = append(specs, spec{since, s.LockToDefault, s.Default})
			}
			found[g.Name] = specs
		}
	}
	return found, nil
}

// parse reads the tables in a directory features.
func parse(dir string, found map[string][]spec) error {
	files, err := filepath.Glob(filepath.Join(dir, "features/*.go"))
	if err != nil {
		return err
	}
	names := map[string]string{}
	known := maps.Clone(found)
	for pass := range 2 { // first the names of all files
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if value, ok := n.(*ast.ValueSpec); ok && pass == 0 && len(value.Values) == 1 {
					if text, ok := value.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
						names[value.Names[0].Name] = strings.Trim(text.Value, `"`)
					}
				}
				literal, ok := n.(*ast.CompositeLit)
				if ok && pass == 1 && isGateTable(literal.Type) {
					for _, element := range literal.Elts {
						if pair, ok := element.(*ast.KeyValueExpr); ok {
							addGate(found, known, names, pair)
						}
					}
				}
				return true
			})
		}
	}
	return nil
}

// isGateTable recognises map[featuregate.Feature]featuregate.FeatureSpec and
// ...VersionedSpecs.
func isGateTable(e ast.Expr) bool {
	m, ok := e.(*ast.MapType)
	if !ok {
		return false
	}
	name := fmt.Sprint(m.Value)
	if value, ok := m.Value.(*ast.SelectorExpr); ok {
		name = value.Sel.Name
	}
	return name == "FeatureSpec" || name == "VersionedSpecs"
}

func addGate(found, known map[string][]spec, names map[string]string, pair *ast.KeyValueExpr) {
	var name string
	switch key := pair.Key.(type) {
	case *ast.Ident:
		name = names[key.Name]
	case *ast.SelectorExpr: // genericfeatures.X: the gate's name is its identifier
		name = key.Sel.Name
	}
	value, ok := pair.Value.(*ast.CompositeLit)
	if name == "" || !ok || known[name] != nil {
		return
	}
	specs := []*ast.CompositeLit{}
	for _, element := range value.Elts {
		if one, ok := element.(*ast.CompositeLit); ok {
			specs = append(specs, one)
		}
	}
	if len(specs) == 0 {
		specs = append(specs, value)
	}
	for _, literal := range specs {
		var s spec
		for _, element := range literal.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch fmt.Sprint(pair.Key) {
			case "Default":
				s.enabled = fmt.Sprint(pair.Value) == "true"
			case "LockToDefault":
				s.locked = fmt.Sprint(pair.Value) == "true"
			case "Version":
				if call, ok := pair.Value.(*ast.CallExpr); ok && len(call.Args) == 1 {
					if text, ok := call.Args[0].(*ast.BasicLit); ok {
						_, minor, _ := strings.Cut(strings.Trim(text.Value, `"`), ".")
						s.since, _ = strconv.Atoi(minor)
					}
				}
			}
		}
		found[name] = append(found[name], s)
	}
}
