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
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// field is a field of a type, and the minors that contain it.
type field struct {
	typ         string
	first, last int
}

// table maps type -> name -> field.
type table map[string]map[string]*field

// apis are the configuration files that are read, each with its top-level
// types.
func apis() map[string][]string {
	kubeadm := []string{"InitConfiguration", "ClusterConfiguration", "JoinConfiguration", "ResetConfiguration", "UpgradeConfiguration", "ClusterStatus"}
	return map[string][]string{
		"kubelet": {"KubeletConfiguration"},
		"v1beta2": kubeadm, "v1beta3": kubeadm, "v1beta4": kubeadm, "v1": kubeadm,
	}
}

func fieldsOf(releases []release) ([]byte, error) {
	tables := map[string]table{}
	for _, r := range releases {
		for api, roots := range apis() {
			dir := filepath.Join(r.kubernetes, "cmd/kubeadm/app/apis/kubeadm", api)
			if api == "kubelet" {
				dir = filepath.Join(r.kubelet, "config/v1beta1")
			}
			if tables[api] == nil {
				tables[api] = table{}
			}
			if err := tables[api].read(dir, roots, r.minor); err != nil {
				return nil, err
			}
		}
	}
	newest := releases[len(releases)-1].minor
	var b bytes.Buffer
	b.WriteString("# Made by test/upstream/facts from Kubernetes' source: the fields of each type,\n" +
		"# what they hold, and the minors 1.x that know them.\n")
	for _, api := range slices.Sorted(maps.Keys(tables)) {
		for _, typ := range slices.Sorted(maps.Keys(tables[api])) {
			fmt.Fprintf(&b, "\n[%s %s]\n", api, typ)
			fields := tables[api][typ]
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				f := fields[name]
				fmt.Fprintf(&b, "%s %s %s\n", name, f.typ, minors(f.first, f.last, newest))
			}
		}
	}
	return b.Bytes(), nil
}

// minors formats 22- for what still exists, 22-27 for what was removed.
func minors(first, last, newest int) string {
	if last == newest {
		return fmt.Sprintf("%d-", first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// read adds the Go types in a directory.
func (t table) read(dir string, roots []string, minor int) error {
	types := map[string]ast.Expr{}
	files, err := filepath.Glob(filepath.Join(dir, "*types.go"))
	if err != nil {
		return err
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, decl := range file.Decls {
			general, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				if typ, ok := spec.(*ast.TypeSpec); ok {
					types[typ.Name.Name] = typ.Type
				}
			}
		}
	}
	for _, root := range roots {
		if _, ok := types[root]; ok {
			t.add(types, root, root, minor)
		}
	}
	return nil
}

// add adds the fields of a struct and, recursively, of their types.
func (t table) add(types map[string]ast.Expr, into, name string, minor int) {
	structure, ok := types[name].(*ast.StructType)
	if !ok {
		return
	}
	if t[into] == nil {
		t[into] = map[string]*field{}
	}
	for _, f := range structure.Fields.List {
		var tag string
		if f.Tag != nil {
			tag = reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		}
		word, options, _ := strings.Cut(tag, ",")
		switch {
		case strings.Contains(options, "inline") || len(f.Names) == 0 && word == "":
			if _, elsewhere := f.Type.(*ast.SelectorExpr); elsewhere { // metav1.TypeMeta
				t.put(into, "apiVersion", "string", minor)
				t.put(into, "kind", "string", minor)
			} else {
				t.add(types, into, fmt.Sprint(f.Type), minor)
			}
		case word != "-" && word != "":
			t.put(into, word, t.describe(types, f.Type, minor), minor)
		}
	}
}

func (t table) put(typ, name, holds string, minor int) {
	if f := t[typ][name]; f != nil {
		f.last, f.typ = minor, holds
		return
	}
	t[typ][name] = &field{holds, minor, minor}
}

// describe returns the shape of a field: bool, string, number, any, []x, map:x,
// or the name of a type.
func (t table) describe(types map[string]ast.Expr, e ast.Expr, minor int) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return t.describe(types, e.X, minor)
	case *ast.ArrayType:
		if fmt.Sprint(e.Elt) == "byte" {
			return "string"
		}
		return "[]" + t.describe(types, e.Elt, minor)
	case *ast.MapType:
		return "map:" + t.describe(types, e.Value, minor)
	case *ast.SelectorExpr:
		if e.Sel.Name == "Duration" {
			return "string"
		}
		return "any"
	case *ast.Ident:
		switch name := e.Name; {
		case name == "bool" || name == "string":
			return name
		case strings.HasPrefix(name, "int") || strings.HasPrefix(name, "uint") || strings.HasPrefix(name, "float"):
			return "number"
		case types[name] == nil:
			return "any"
		}
		if _, ok := types[e.Name].(*ast.StructType); ok {
			t.add(types, e.Name, e.Name, minor)
			return e.Name
		}
		return t.describe(types, types[e.Name], minor)
	}
	return "any"
}
