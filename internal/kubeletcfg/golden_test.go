package kubeletcfg

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/fail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldens calls do for every minor, kind, behavior and cgroup version.
func goldens(t *testing.T, do func(r Row, q Request, name string)) {
	t.Helper()
	for _, r := range load1(t) {
		for _, kind := range Kinds() {
			for _, behavior := range Behaviors() {
				for _, cgroup := range []int{2, 1} {
					q := Request{Kind: kind, Desired: Desired{behavior, cgroup}, Version: r.Source[strings.LastIndex(r.Source, "v"):]}
					name := fmt.Sprintf("%s-%s", kind, behavior)
					if cgroup == 1 {
						name += "-cgroup1"
					}
					do(r, q, name)
				}
			}
		}
	}
}

func load1(t testing.TB) Versions {
	t.Helper()
	rows, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Every minor, kind and behavior has a file in testdata/golden, or a reason in
// its refused.txt. In test/upstream Kubernetes' own code reads the files.
func TestEveryVersionGetsWhatItCanRead(t *testing.T) {
	const dir = "testdata/golden"
	want := map[string]string{}
	goldens(t, func(r Row, q Request, name string) {
		text, err := r.Document(q)
		if err != nil {
			path := filepath.Join(dir, r.Kubernetes, "refused.txt")
			want[path] += name + ": " + err.Error() + "\n"
			for _, hint := range fail.Hints(err) {
				want[path] += "  hint: " + hint + "\n"
			}
			return
		}
		v2 := q
		v2.CgroupVersion = 2
		if same, err := r.Document(v2); q.CgroupVersion == 1 && err == nil && string(same) == string(text) {
			return // same as on cgroup v2
		}
		want[filepath.Join(dir, r.Kubernetes, name+".yaml")] = string(text)
	})
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for path, text := range want {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		got[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("-golden +now (update with 'go test -run %s -update'):\n%s", t.Name(), diff)
	}
}

// The kubelet accepts what is written for it, and does what it says.
func TestWhatIsWrittenIsWhatTheKubeletDoes(t *testing.T) {
	checked := 0
	goldens(t, func(r Row, q Request, name string) {
		text, err := r.Document(q)
		if err != nil || q.Kind != KindKubelet && q.Kind != KindDropin && q.Kind != KindPatch {
			return
		}
		in := Inputs{Config: &Source{name, text}}
		if q.Kind == KindDropin {
			in = Inputs{
				Config:  &Source{"config.yaml", []byte("apiVersion: " + GroupVersion + "\nkind: " + ConfigKind + "\n")},
				Dropins: []Source{{name, text}},
			}
		}
		e, err := r.Effective(in)
		if err != nil || len(e.Problems) > 0 {
			t.Fatalf("%s %s: %v, %v", r.Kubernetes, name, err, e.Problems)
		}
		if e.FailSwapOn || e.FailSwapOnFrom != name || e.FailCgroupV1 && q.CgroupVersion == 1 {
			t.Errorf("%s %s: %+v", r.Kubernetes, name, e)
		}
		meaning := r.Behaviors[e.SwapBehavior]
		if !e.NodeSwap {
			meaning = r.GateOff
		}
		wantMeaning, named := r.Behaviors[q.Behavior]
		if !named {
			wantMeaning = None
		}
		if meaning != wantMeaning {
			t.Errorf("%s %s: containers get %s, not %s", r.Kubernetes, name, meaning, wantMeaning)
		}
		checked++
	})
	if checked < 100 {
		t.Errorf("only %d documents were checked", checked)
	}
}
