package kubeadmfile

import (
	"errors"
	"testing"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// test/upstream shows that kubeadm does the same.
func TestAFileIsSplitAtItsSeparators(t *testing.T) {
	pieces, err := Split([]byte("---\na: 1\n--- # next\n# nothing\n---\n---\nb: 2"))
	want := []Piece{{1, []byte("---\na: 1\n")}, {4, []byte("# nothing\n")}, {6, []byte("---\nb: 2")}}
	if err != nil || len(pieces) != len(want) {
		t.Fatalf("%v: %v", pieces, err)
	}
	for i, p := range pieces {
		if p.Line != want[i].Line || string(p.Text) != string(want[i].Text) || p.IsEmpty() != (i == 1) {
			t.Errorf("%d: line %d: %q", i, p.Line, p.Text)
		}
	}
	var separator *SeparatorError
	if _, err := Split([]byte("a: 1\n--- b: 2\n")); !errors.As(err, &separator) || separator.Line != 2 || separator.Text != "b: 2" {
		t.Errorf("%v", err)
	}
}

// FuzzApply: every patch is applied, or refused at a place in the patch.
func FuzzApply(f *testing.F) {
	for _, patch := range []string{
		"memorySwap: {$patch: delete}", "a: {$patch: replace, b: 1}", "$retainKeys: [a]\na: 1", "$deleteFromPrimitiveList/c: [1]", "a: null\nd: {e: null}",
		"- {op: add, path: /c/-, value: 1}\n- {op: move, from: /a/b, path: /c/0}", "- {op: copy, from: /a, path: /a/b/x}", "- {op: remove, path: /c/-1}",
		"- {op: replace, path: '', value: 1}\n- {op: add, path: /x, value: 1}", "- {op: test, path: /c, value: [1, {}]}", "- 1", "x", "",
	} {
		for _, typ := range []PatchType{StrategicPatch, MergePatch, JSONPatch, KindPatch} {
			f.Add(patch, string(typ))
		}
	}
	f.Fuzz(func(t *testing.T, patch, typ string) {
		parsed, err := kubeyaml.Parse([]byte(patch))
		if err != nil {
			return
		}
		target, err := kubeyaml.Parse([]byte("a: {b: 1}\nc: [1, {d: 2}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Apply(target, parsed, PatchType(typ))
		fault, refused := errors.AsType[*PatchError](err)
		if err != nil && (!refused || fault.Node == nil && parsed.Node != nil || fault.Error() == "") {
			t.Errorf("%q: %+v", patch, err)
		}
	})
}
