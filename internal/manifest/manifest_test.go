package manifest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/limits"
)

// read returns the objects of a text, each as JSON.
func read(t testing.TB, text string, o Options) ([]string, error) {
	t.Helper()
	o.Stdin = strings.NewReader(text)
	return readInputs(t, o, Stdin)
}

func readInputs(t testing.TB, o Options, inputs ...string) ([]string, error) {
	t.Helper()
	var all []string
	err := Read(t.Context(), host.Linux().Files, inputs, o, func(o *limits.Object) error {
		all = append(all, shown(o))
		return nil
	})
	return all, err
}

func shown(o *limits.Object) string {
	sorted(o)
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// brief says of each object what a person would: kind, name, copies, containers.
func brief(t testing.TB, text string, o Options) string {
	t.Helper()
	o.Stdin = strings.NewReader(text)
	var all []string
	err := Read(t.Context(), host.Linux().Files, []string{Stdin}, o, func(o *limits.Object) error {
		s := o.Kind + " " + strings.TrimPrefix(o.Namespace+"/"+o.Name, "/")
		if p := o.Pod; p != nil {
			if p.Replicas != nil {
				s += fmt.Sprintf(" x%d", *p.Replicas)
			}
			for _, c := range p.Containers {
				request, _ := c.Resources.Requests.Get(memory)
				limit, _ := c.Resources.Limits.Get(memory)
				s += fmt.Sprintf(" [%s %s %s/%s]", c.Type, c.Name, cmp.Or(request.Text, "0"), cmp.Or(limit.Text, "0"))
			}
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "; ")
}

const podYAML = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  annotations:
    text: a long text that goes on
      in the next line
    note: |
      containers:
      - memory: 12Gi
spec:
  initContainers:
  - name: proxy
    restartPolicy: Always
    resources: {requests: {memory: 64Mi}}
  containers:
  - name: app
    image: nginx:1.27
    args: ["--x", 'y']
    resources:
      requests:
        memory: 1Gi
        cpu: 0.5
      limits:
        memory: 2147483648
`

const podBrief = "Pod shop/web [sidecar proxy 64Mi/0] [app app 1Gi/2147483648]"

func TestEveryFormOfInputGivesTheSame(t *testing.T) {
	asJSON := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{
		"initContainers":[{"name":"proxy","restartPolicy":"Always","resources":{"requests":{"memory":"64Mi"}}}],
		"containers":[{"name":"app","resources":{"requests":{"memory":"1Gi"},"limits":{"memory":2147483648}}}]}}`
	item := "- " + strings.ReplaceAll(strings.TrimSpace(podYAML), "\n", "\n  ") + "\n"
	for name, text := range map[string]string{
		"YAML":                          podYAML,
		"Windows wrote it":              "\ufeff" + strings.ReplaceAll(podYAML, "\n", "\r\n"),
		"no end of the last line":       strings.TrimSpace(podYAML),
		"marks and comments around":     "# a pod\n---\n\n# here\n" + podYAML + "...\n---\n# nothing\n",
		"a document of null":            "null\n---\n~\n---\n" + podYAML,
		"a mark with a comment":         "--- # first\n" + podYAML,
		"indented":                      "  " + strings.ReplaceAll(strings.TrimSpace(podYAML), "\n", "\n  "),
		"JSON":                          asJSON,
		"JSON after a mark":             "---\n" + asJSON + "\n---\n",
		"JSON, blank space around":      " \n\t" + asJSON + "\n\n ",
		"a List in JSON":                `{"apiVersion":"v1","items":[` + asJSON + `],"kind":"List"}`,
		"a List in YAML":                "apiVersion: v1\nitems:\n" + item + "kind: List\n",
		"a List, indented":              "kind: List\nitems:\n\n  # first\n  " + strings.ReplaceAll(item, "\n", "\n  ") + "\napiVersion: v1",
		"a List with a flow style":      "{apiVersion: v1, kind: List, items: [" + asJSON + "]}",
		"a directive":                   "%YAML 1.1\n---\n" + podYAML,
		"content behind the mark":       "--- {apiVersion: v1, kind: List, items: [" + asJSON + "]}\n",
		"a List with a quoted name":     "\"apiVersion\": v1\n'items':\n" + item + "kind: \"List\"\n",
		"a raw list, kind after":        `{"items":[` + strings.Replace(asJSON, `"apiVersion":"v1","kind":"Pod",`, "", 1) + `],"kind":"PodList","apiVersion":"v1"}`,
		"a raw list, kind before":       `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + strings.Replace(asJSON, `"apiVersion":"v1","kind":"Pod",`, "", 1) + `]}`,
		"an anchor in a List":           "apiVersion: v1\nitems:\n" + strings.Replace(item, "64Mi}", "&m 64Mi}", 1) + "kind: List\n",
		"a quote that runs to the edge": "apiVersion: v1\nitems:\n" + strings.Replace(item, "nginx:1.27", "\"ng\n- inx\"", 1) + "kind: List\n",
	} {
		if got := brief(t, text, Options{}); got != podBrief {
			t.Errorf("%s: %s, want %s", name, got, podBrief)
		}
	}
}

func TestOrderAndDuplicatesStay(t *testing.T) {
	deployment := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2}\n"
	text := podYAML + "---\n" + deployment + "---\n" + podYAML + "---\n" + `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"c-"}}{"apiVersion":"v1","kind":"Secret"}`
	want := podBrief + "; Deployment d x2; " + podBrief + "; ConfigMap c-; Secret "
	if got := brief(t, text, Options{}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhereObjectsStand(t *testing.T) {
	text := "# comment\n" + podYAML + "---\n\n" + `{"kind":"List","apiVersion":"v1",
 "items":[{"apiVersion":"v1","kind":"Pod"},

  {"apiVersion":"v1","kind":"Pod"}]}` + "\n---\napiVersion: v1\nitems:\n\n- apiVersion: v1\n  kind: Pod\n- {apiVersion: v1, kind: Pod}\nkind: List\n"
	var got []string
	err := Read(t.Context(), nil, []string{Stdin}, Options{Stdin: strings.NewReader(text)}, func(o *limits.Object) error {
		got = append(got, o.Source.String())
		return nil
	})
	lines := strings.Count(podYAML, "\n")
	want := []string{
		"-: document 1 (line 2)",
		fmt.Sprintf("-: document 2, item 0 (line %d)", lines+5), fmt.Sprintf("-: document 2, item 1 (line %d)", lines+7),
		fmt.Sprintf("-: document 3, item 0 (line %d)", lines+12), fmt.Sprintf("-: document 3, item 1 (line %d)", lines+14),
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
}

func TestWorkloads(t *testing.T) {
	const template = `{"metadata":{"annotations":{"kubernetes.io/config.source":"file"}},"spec":{"containers":[{"name":"a","resources":{"limits":{"memory":"1Gi"}}}]}}`
	for object, want := range map[string]string{
		`{"kind":"Deployment","apiVersion":"apps/v1","spec":{"replicas":3,"template":T}}`:                           "x3 T",
		`{"kind":"Deployment","apiVersion":"extensions/v1beta1","spec":{"template":T}}`:                             "T",
		`{"kind":"StatefulSet","apiVersion":"apps/v1","spec":{"replicas":0,"template":T}}`:                          "x0 T",
		`{"kind":"ReplicaSet","apiVersion":"apps/v1","spec":{"template":T}}`:                                        "T",
		`{"kind":"ReplicationController","apiVersion":"v1","spec":{"replicas":1,"template":T}}`:                     "x1 T",
		`{"kind":"DaemonSet","apiVersion":"apps/v1","spec":{"replicas":9,"template":T}}`:                            "T",
		`{"kind":"Job","apiVersion":"batch/v1","spec":{"parallelism":4,"template":T}}`:                              "x4 T",
		`{"kind":"Job","apiVersion":"batch/v1","spec":{"parallelism":4,"completions":2,"template":T}}`:              "x2 T",
		`{"kind":"CronJob","apiVersion":"batch/v1","spec":{"jobTemplate":{"spec":{"parallelism":2,"template":T}}}}`: "x2 T",
		`{"kind":"PodTemplate","apiVersion":"v1","template":T}`:                                                     "T",
		`{"kind":"Job","apiVersion":"batch.volcano.sh/v1alpha1","spec":{"template":T}}`:                             "",
		`{"kind":"Rollout","apiVersion":"argoproj.io/v1alpha1","spec":{"replicas":5,"template":T}}`:                 "x5 T",
		`{"kind":"Rollout","apiVersion":"other.io/v1alpha1","spec":{"replicas":5,"template":T}}`:                    "",
		`{"kind":"Machine","apiVersion":"x.io/v1","spec":{"group":{"replicas":6,"pod":T},"replicas":7}}`:            "x6 T",
		`{"kind":"ConfigMap","apiVersion":"v1","spec":{"group":{"pod":"text"}}}`:                                    "",
	} {
		kind := object[len(`{"kind":"`):strings.Index(object, `","api`)]
		want = strings.TrimSpace(kind + "  " + strings.Replace(want, "T", "[app a 0/1Gi]", 1))
		got := strings.TrimSpace(brief(t, strings.Replace(object, "T}", template+"}", 1), Options{
			TemplatePaths: []string{"argoproj.io/Rollout=spec.template", ".spec.group.pod"},
		}))
		if strings.ReplaceAll(got, "  ", " ") != strings.ReplaceAll(want, "  ", " ") {
			t.Errorf("%s: %s, want %s", object, got, want)
		}
	}
}

func TestDirectories(t *testing.T) {
	dir := t.TempDir()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, strings.Replace(podYAML, "name: web", "name: zipped", 1))
	_ = z.Close()
	for name, text := range map[string]string{
		"b.yaml":           strings.Replace(podYAML, "name: web", "name: b", 1),
		"a.yml":            strings.Replace(podYAML, "name: web", "name: a", 1),
		"c/d/e.json":       `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"e","namespace":"shop"}}`,
		"c/z.yaml.gz":      zipped.String(),
		"c/empty.yaml":     "# nothing here\n---\n",
		".hidden/x.yaml":   "not: read",
		".hidden.yaml":     "not: read",
		"README.md":        "not: read",
		"kustomization.js": "not: read",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir, filepath.Join(dir, "c", "loop")); err != nil {
		t.Fatal(err)
	}
	var names []string
	err := Read(t.Context(), host.Linux().Files, []string{dir, filepath.Join(dir, "a.yml")}, Options{}, func(o *limits.Object) error {
		names = append(names, o.Name)
		return nil
	})
	if got := strings.Join(names, " "); err != nil || got != "a b e zipped a" {
		t.Errorf("%s, %v", got, err)
	}
	for input, want := range map[string]string{
		filepath.Join(dir, "nowhere"):         "no such file or directory",
		filepath.Join(dir, ".hidden.yaml"):    "apiVersion: is missing, expected a string like v1",
		filepath.Join(dir, "c", "empty.yaml"): "there is no object in it",
		t.TempDir():                           "no *.yaml, *.yml or *.json is in this directory",
	} {
		if _, err := readInputs(t, Options{}, input); err == nil || !strings.Contains(err.Error(), want) || fail.Code(err) != fail.Usage {
			t.Errorf("%s: %v, want %q", input, err, want)
		}
	}
}

func TestWhoTakesTheObjectsCanStop(t *testing.T) {
	stop := errors.New("stop")
	err := Read(t.Context(), nil, []string{Stdin}, Options{Stdin: strings.NewReader(podYAML)}, func(*limits.Object) error { return stop })
	if err != stop { //nolint:errorlint // as it is
		t.Errorf("%v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	err = Read(over, nil, []string{Stdin}, Options{Stdin: strings.NewReader(podYAML)}, func(*limits.Object) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestInvalidObjectsCanBeLeftOut(t *testing.T) {
	bad := strings.Replace(podYAML, "memory: 1Gi", "memory: [1]", 1)
	var told []string
	o := Options{Invalid: func(e *limits.FieldError) error { told = append(told, e.Error()); return nil }}
	got := brief(t, podYAML+"---\n"+bad+"---\n"+podYAML, o)
	if got != podBrief+"; "+podBrief || len(told) != 1 || !strings.Contains(told[0], "requests[memory]: expected a quantity") {
		t.Errorf("%s, %q", got, told)
	}
}

// endless is a List of so many bytes, that nobody keeps.
type endless struct {
	head, item, tail string
	left             int
	rest             string
}

func (e *endless) Read(b []byte) (int, error) {
	if e.rest == "" {
		switch {
		case e.head != "":
			e.rest, e.head = e.head, ""
		case e.left > 0:
			e.rest = e.item
			e.left -= len(e.item)
		case e.tail != "":
			e.rest, e.tail = e.tail, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	item := "- " + strings.ReplaceAll(strings.TrimSpace(podYAML), "\n", "\n  ") + "\n"
	const size = 12 << 20
	for name, in := range map[string]*endless{
		"YAML":              {head: "apiVersion: v1\nitems:\n", item: strings.ReplaceAll(strings.Replace(item, `["--x", 'y']`, "[]", 1), "{requests: {memory: 64Mi}}", "{}"), tail: "kind: List\n", left: size},
		"JSON":              {head: `{"apiVersion":"v1","kind":"List","items":[` + podJSON, item: "," + podJSON, tail: "]}", left: size},
		"a string in JSON":  {head: `{"apiVersion":"v1","kind":"Secret","data":{"a":"`, item: strings.Repeat("x", 1<<16), tail: `"}}`, left: size},
		"a YAML stream":     {head: "---\n", item: "apiVersion: v1\nkind: Pod\nspec:\n  containers: []\n---\n", left: size},
		"a stream of JSON":  {head: "\n", item: podJSON + "\n", left: size},
		"unsure about YAML": {head: "apiVersion: v1\nitems:\n", item: item, tail: "kind: List\n", left: size / 32},
		"a block of YAML":   {head: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n", item: "# comment\n", left: size},
		"blank space":       {head: podJSON, item: strings.Repeat("\n", 1<<12), left: size},
	} {
		t.Run(name, func(t *testing.T) {
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			count := 0
			peak := uint64(0)
			look := func() {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapInuse-min(before.HeapInuse, now.HeapInuse))
			}
			err := Read(t.Context(), nil, []string{Stdin}, Options{Stdin: in}, func(*limits.Object) error {
				if count++; count%500 == 0 {
					look()
				}
				return nil
			})
			look()
			const most = 9 << 20
			if err != nil && name != "a block of YAML" || count == 0 && err == nil || peak > most {
				t.Errorf("%d objects, %d MiB, %v", count, peak>>20, err)
			}
		})
	}
}
