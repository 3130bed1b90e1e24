package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/swapctl/swapctl/internal/limits"
)

// plainJSON reads a stream of JSON documents the plain way: the whole of it,
// with encoding/json, and then takes what is wanted. It refuses what the reader
// refuses in what it reads: a name that is there twice.
func plainJSON(data []byte, o Options) ([]string, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var all []string
	for {
		var d document
		d.reset()
		err := plainValue(dec, &d, nil)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		more, err := plainObjects(d.root(), o)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
}

// plainValue keeps all of a value.
func plainValue(dec *json.Decoder, d *document, name []byte) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		k := list
		if v == '{' {
			k = object
		}
		d.begin(k, 0, name)
		for dec.More() {
			var member []byte
			if k == object {
				token, err := dec.Token()
				if err != nil {
					return noEOF(err)
				}
				member = []byte(token.(string))
			}
			if err := plainValue(dec, d, member); err != nil {
				return noEOF(err)
			}
		}
		if _, err := dec.Token(); err != nil {
			return noEOF(err)
		}
		d.nodes[d.open].end = len(d.nodes)
		d.open = d.nodes[d.open].parent
	case nil:
		d.add(null, 0, name, nil)
	case bool:
		d.add(boolean, 0, name, fmt.Append(nil, v))
	case json.Number:
		d.add(number, 0, name, []byte(v.String()))
	case string:
		d.add(text, 0, name, []byte(v))
	}
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// plainObjects decodes a document that was kept whole.
func plainObjects(root value, o Options) ([]string, error) {
	templates, err := parseTemplatePaths(o.TemplatePaths)
	if err != nil {
		return nil, err
	}
	var all []string
	dec := newDecoder(templates)
	want := wanted(templates)
	one := func(v value, apiVersion, kind string) error {
		var d document
		d.reset()
		if err := takeWanted(&d, v, nil, wantOf(v, want)); err != nil {
			return err
		}
		o, err := dec.decode(d.root(), apiVersion, kind)
		for err == nil {
			all = append(all, shown(o))
			if !dec.more() {
				break
			}
			err = dec.next(d.root())
		}
		return err
	}
	if root.kind() != object {
		return nil, errors.New("no object")
	}
	var head document
	head.reset()
	if err := takeWanted(&head, root, nil, want); err != nil {
		return nil, err
	}
	items := root.get("items")
	if items.kind() != list && (items.kind() != null || !items.there() || !strings.HasSuffix(string(root.get("kind").textOrNone()), "List")) {
		return all, one(root, "", "")
	}
	for _, name := range []string{"apiVersion", "kind"} {
		if err := dec.nonEmpty(root, name, "", new(string)); err != nil {
			return nil, err
		}
	}
	for item := range items.each() {
		l := kindOfList(root)
		var err error
		if item.kind() != object || item.get("kind").kind() != null {
			err = one(item, "", "")
		} else {
			err = one(item, l.apiVersion, l.itemKind())
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// wantOf is what is wanted of an object: less of a Pod that begins as kubectl has
// it.
func wantOf(v value, all *want) *want {
	var head []string
	for member := range v.each() {
		if all.child(member.name()) != nil {
			head = append(head, string(member.name())+" "+string(member.textOrNone()))
		}
	}
	if len(head) > 1 && head[0] == "apiVersion v1" && head[1] == "kind Pod" {
		return wantedPod()
	}
	return all
}

// mentions reports whether a text is anywhere in a value.
func (v value) mentions(what string) bool {
	if strings.Contains(string(v.name()), what) || strings.Contains(string(v.text()), what) {
		return true
	}
	for child := range v.each() {
		if child.mentions(what) {
			return true
		}
	}
	return false
}

// takeWanted copies what is wanted of a value, by the rules that the scanners
// follow: of a value that should be something else, only its kind is kept.
func takeWanted(d *document, v value, name []byte, w *want) error {
	if w.only != "" && !v.mentions(w.only) {
		d.add(null, 0, name, nil)
		return nil
	}
	switch k := v.kind(); k {
	case object, list:
		d.begin(k, 0, name)
		for child := range v.each() {
			cw := w
			if w.leaf && (k == object || !w.many) {
				break
			}
			if k == object {
				if cw = w.child(child.name()); cw == nil {
					continue
				}
			}
			if err := takeWanted(d, child, child.name(), cw); err != nil {
				return err
			}
		}
		return d.end()
	case text:
		if !w.leaf {
			d.add(k, 0, name, nil)
			return nil
		}
	default:
	}
	d.add(v.kind(), 0, name, v.text())
	return nil
}

// What sigs.k8s.io/yaml refuses maybe where the reader does not look: a name
// that is there twice, and values that JSON cannot have.
var (
	errTwins     = errors.New("twice")
	errElsewhere = errors.New("no JSON")
)

// plainYAML reads one YAML document as kubectl does: sigs.k8s.io/yaml makes
// JSON of it.
func plainYAML(data []byte, o Options) ([]string, error) {
	j, err := yaml.YAMLToJSON(data)
	if err != nil {
		var n yamlv3.Node
		if yamlv3.Unmarshal(data, &n) == nil {
			return nil, fmt.Errorf("%w: %w", errElsewhere, err)
		}
		return nil, err
	}
	if _, err := yaml.YAMLToJSONStrict(data); err != nil {
		return nil, fmt.Errorf("%w: %w", errTwins, err)
	}
	return plainJSON(j, o)
}

var place = regexp.MustCompile(`"Document":\d+,"Item":-?\d+,"Line":\d+`)

// placeless takes out where objects stood.
func placeless(all []string) []string {
	out := make([]string, 0, len(all))
	for _, s := range all {
		s = place.ReplaceAllString(s, `"Document":0,"Item":0,"Line":0`)
		out = append(out, strings.Replace(s, `"File":"-"`, `"File":""`, 1))
	}
	return out
}

// sorted sorts the amounts of lists, which sigs.k8s.io/yaml reorders.
func sorted(o *limits.Object) {
	lists := func(r *limits.Resources) {
		for _, l := range []limits.ResourceList{r.Requests, r.Limits} {
			slices.SortFunc(l, func(a, b limits.ResourceAmount) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	if o.Pod != nil {
		if o.Pod.Resources != nil {
			lists(o.Pod.Resources)
		}
		for i := range o.Pod.Containers {
			lists(&o.Pod.Containers[i].Resources)
		}
	}
	if o.LimitRange != nil {
		for _, item := range o.LimitRange.Items {
			for _, l := range []limits.ResourceList{item.Default, item.DefaultRequest, item.Max, item.Min} {
				slices.SortFunc(l, func(a, b limits.ResourceAmount) int { return strings.Compare(a.Name, b.Name) })
			}
		}
	}
}

// same compares what the reader makes of a text with what the plain way does.
func same(t *testing.T, data string, plain func([]byte, Options) ([]string, error)) {
	t.Helper()
	o := Options{TemplatePaths: []string{"example.org/Set=spec.template", "spec.pod.template"}}
	want, wantErr := plain([]byte(data), o)
	got, err := read(t, data, o)
	inPieces(t, data, o, got, err)
	if errors.Is(wantErr, errTwins) || errors.Is(wantErr, errElsewhere) || err != nil && strings.Contains(err.Error(), "without a kind") {
		return
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q:\nreader: %v\n plain: %v", data, err, wantErr)
	}
	if err != nil {
		return
	}
	if got, want := placeless(got), placeless(want); !slices.Equal(got, want) {
		t.Fatalf("%q:\nreader: %s\n plain: %s", data, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// inPieces reads a text a byte at a time, so that the window ends everywhere in it: the
// same must come of it.
func inPieces(t *testing.T, data string, o Options, want []string, wantErr error) {
	t.Helper()
	o.Stdin = iotest.OneByteReader(strings.NewReader(data))
	got, err := readInputs(t, o, Stdin)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) || !slices.Equal(got, want) {
		t.Fatalf("%q:\nwhole: %s, %v\nin pieces: %s, %v", data, strings.Join(want, "\n"), wantErr, strings.Join(got, "\n"), err)
	}
}
