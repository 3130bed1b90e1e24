package kubeletcfg

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// MergeInto returns an existing configuration with what the request needs: all
// other documents, fields, comments and their order stay. A missing kind is
// added at the end. It parses the result before it returns. notes are for the
// user. Errors have the exit code fail.Usage.
func (r Row) MergeInto(existing Source, q Request) (text []byte, notes []string, err error) {
	if err := Mergeable(existing, q.Kind); err != nil {
		return nil, nil, err
	}
	s, err := r.settingFor(q)
	if err != nil {
		return nil, nil, err
	}
	switch q.Kind {
	case KindKubelet, KindDropin, KindPatch:
		text, err = r.edit(existing, q.Desired)
		return text, nil, err
	case KindInit, KindJoin:
	}
	m := &merging{row: r, q: q, s: s, file: existing}
	return m.file.Data, m.notes, fail.New(fail.Usage, "merge swap into "+existing.Name, m.run())
}

// merging is a configuration of kubeadm while it is changed.
type merging struct {
	row   Row
	q     Request
	s     setting
	file  Source
	notes []string
	added bool // the InitConfiguration or JoinConfiguration was missing
}

func (m *merging) run() error {
	if err := m.known(); err != nil {
		return err
	}
	if err := m.fits(); err != nil {
		return err
	}
	kind := map[Kind]string{KindInit: "InitConfiguration", KindJoin: "JoinConfiguration"}[m.q.Kind]
	if err := m.node(kind); err != nil {
		return err
	}
	if m.q.Kind == KindJoin {
		return m.patches()
	}
	return m.kubelet()
}

// find returns the document of a kind; nil if there is none.
func (m *merging) find(kind string) (*document, error) {
	all, err := documents(m.file)
	if err != nil {
		return nil, err
	}
	var found *document
	for i, d := range all {
		if d.word("kind") != kind {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%s:%d: document %d is a second %s", d.source, d.root.Node.Line, d.number, kind)
		}
		found = &all[i]
	}
	return found, nil
}

// word returns a string field of the document.
func (d document) word(name string) string {
	return d.root.Word(name)
}

// known refuses documents that this kubeadm cannot read.
func (m *merging) known() error {
	all, err := documents(m.file)
	if err != nil {
		return err
	}
	for _, d := range all {
		group, version, _ := strings.Cut(d.word("apiVersion"), "/")
		if group != KubeadmGroup {
			continue
		}
		if _, ok := m.row.Kubeadm.API(version); !ok {
			return fmt.Errorf("%s:%d: document %d: the kubeadm of Kubernetes %s does not read %s/%s: convert it first with 'kubeadm config migrate' to %s",
				d.source, d.root.Node.Line, d.number, m.row.Kubernetes, group, version, m.row.Kubeadm.Config)
		}
	}
	return nil
}

// fits refuses to add a KubeletConfiguration to a file for kubeadm join, which
// ignores it (cmd/kubeadm/app/util/config/joinconfiguration.go,
// documentMapToJoinConfiguration).
func (m *merging) fits() error {
	for _, kind := range []string{"InitConfiguration", "ClusterConfiguration", ConfigKind} {
		if d, err := m.find(kind); d != nil || err != nil {
			return err
		}
	}
	if d, err := m.find("JoinConfiguration"); d == nil || err != nil || m.q.Kind == KindJoin {
		return err
	}
	return errors.New("it is for kubeadm join, which passes over a KubeletConfiguration: use --kind join")
}

// kubelet edits the KubeletConfiguration, or adds one.
func (m *merging) kubelet() error {
	d, err := m.find(ConfigKind)
	if err != nil {
		return err
	}
	if d == nil {
		return m.add(m.s.document())
	}
	m.file.Data, err = m.row.editDocument(m.file, *d, m.s)
	return err
}

// node edits nodeRegistration of an Init- or JoinConfiguration.
func (m *merging) node(kind string) error {
	d, err := m.find(kind)
	if err != nil {
		return err
	}
	ignored := m.row.ignored(m.s)
	flags := m.q.Kind == KindJoin && !m.row.Kubeadm.Patches
	if d == nil {
		if m.q.Kind == KindInit && len(ignored) == 0 {
			return nil
		}
		var b strings.Builder
		m.row.joinOrInit(&b, m.q, m.s)
		m.added = true
		return m.add(b.String())
	}
	registration := d.root.Get("nodeRegistration")
	has := words(registration.Get("ignorePreflightErrors").Any())
	for _, name := range slices.Backward(ignored) {
		same := func(word string) bool { return strings.EqualFold(word, name) || strings.EqualFold(word, "all") }
		if slices.ContainsFunc(has, same) {
			continue
		}
		if err := m.apply(d, change{[]string{"nodeRegistration", "ignorePreflightErrors"}, item(name)}); err != nil {
			return err
		}
	}
	return m.flags(d, registration, flags)
}

// flags corrects flags that would override the file, and sets flags where no
// file can configure the kubelet.
func (m *merging) flags(d *document, registration *kubeyaml.Value, needed bool) error {
	api, _ := m.row.Kubeadm.API(strings.TrimPrefix(d.word("apiVersion"), KubeadmGroup+"/"))
	path := []string{"nodeRegistration", "kubeletExtraArgs"}
	args := registration.Get("kubeletExtraArgs")
	at := func(name string) (at []string, value string, found bool) {
		if n := args.Get(name); n != nil {
			return append(slices.Clone(path), name), n.Content().Value, true
		}
		if api.ExtraArgs == ArgsList && args != nil {
			for i := range args.Items {
				key, value := args.Items[i].Get("name"), args.Items[i].Get("value")
				if key != nil && value != nil && key.Text == name {
					return append(slices.Clone(path), strconv.Itoa(i), "value"), value.Content().Value, true
				}
			}
		}
		return append(slices.Clone(path), name), "", false
	}
	where, value, found := at("fail-swap-on")
	if off, err := strconv.ParseBool(value); found && (err != nil || off) || !found && needed {
		if err := m.apply(d, change{where, "false"}); err != nil {
			return err
		}
	}
	where, value, found = at("feature-gates")
	gates := pairs(value, "=")
	on, err := strconv.ParseBool(gates["NodeSwap"])
	switch {
	case gates["NodeSwap"] != "" && (err != nil || on == m.s.gateOff):
		return fmt.Errorf("%s: document %d: %s sets NodeSwap=%s, which wins over every file: take it out", d.source, d.number, strings.Join(where, "."), gates["NodeSwap"])
	case needed && m.s.gate && !found:
		return m.apply(d, change{where, "NodeSwap=true"})
	case needed && m.s.gate && gates["NodeSwap"] == "":
		return m.apply(d, change{where, value + ",NodeSwap=true"})
	}
	return nil
}

// patches sets the directory of patches in a JoinConfiguration.
func (m *merging) patches() error {
	d, err := m.find("JoinConfiguration")
	if err != nil || !m.row.Kubeadm.Patches || m.added {
		return err
	}
	if directory := d.root.Get("patches", "directory"); directory != nil && directory.Text != "" {
		m.notes = append(m.notes, fmt.Sprintf("%s has its own directory of patches: put %s into %s", m.file.Name, PatchFile, directory.Text))
		return nil
	}
	return m.apply(d, change{[]string{"patches", "directory"}, m.q.patches()})
}

// apply makes a change in a document; it changes the position of no other
// document.
func (m *merging) apply(d *document, c change) error {
	edited, err := apply(m.file.Data, d.number-1, c)
	if err != nil {
		return fmt.Errorf("document %d: %w", d.number, err)
	}
	m.file.Data = edited
	return nil
}

// add adds a document at the end.
func (m *merging) add(document string) error {
	before, err := documents(m.file)
	if err != nil {
		return err
	}
	t := newText(m.file.Data)
	if t.json {
		if document, err = asJSON(document); err != nil {
			return err
		}
	}
	var b strings.Builder
	b.Write(t.data)
	if text := b.String(); text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteString(t.newline)
	}
	if len(before) > 0 {
		b.WriteString("---" + t.newline)
	}
	b.WriteString(strings.ReplaceAll(document, "\n", t.newline))
	added, err := documents(Source{m.file.Name, []byte(b.String())})
	if err != nil {
		return err
	}
	if len(added) != len(before)+1 {
		return errors.New("nothing can be added at its end: write it by hand")
	}
	m.file.Data = []byte(b.String())
	return nil
}

// BundleInto is MergeInto; it also returns the other files that the request
// needs.
func (r Row) BundleInto(existing Source, q Request) (files []File, notes []string, err error) {
	text, notes, err := r.MergeInto(existing, q)
	if err != nil {
		return nil, nil, err
	}
	files, err = r.with(q, text)
	return files, notes, err
}

// asJSON converts YAML documents to JSON, for a file that is JSON.
func asJSON(text string) (string, error) {
	all, err := kubeyaml.Documents([]byte(text))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range all {
		if i > 0 {
			b.WriteString("---\n")
		}
		writeJSON(&b, &all[i], "")
		b.WriteString("\n")
	}
	return b.String(), nil
}

// writeJSON writes a value in the order of its members.
func writeJSON(b *strings.Builder, v *kubeyaml.Value, indent string) {
	deeper := indent + "  "
	switch v.Kind {
	case kubeyaml.Object:
		b.WriteString("{")
		for i := range v.Members {
			b.WriteString(map[bool]string{true: "\n", false: ",\n"}[i == 0] + deeper + strconv.Quote(v.Members[i].Name) + ": ")
			writeJSON(b, &v.Members[i].Value, deeper)
		}
		b.WriteString("\n" + indent + "}")
	case kubeyaml.List:
		b.WriteString("[")
		for i := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJSON(b, &v.Items[i], deeper)
		}
		b.WriteString("]")
	case kubeyaml.String:
		b.WriteString(strconv.Quote(v.Text))
	case kubeyaml.Null:
		b.WriteString("null")
	case kubeyaml.Bool, kubeyaml.Number:
		b.WriteString(v.Text)
	}
}
