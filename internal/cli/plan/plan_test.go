package plan_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// planDocument is the document SwapPlan as a script reads it.
type planDocument struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Nodes      []struct {
		Name      string           `json:"name"`
		SwapBytes int64            `json:"swapBytes"`
		Totals    map[string]int64 `json:"totals"`
	} `json:"nodes"`
	Containers []struct {
		Namespace          string `json:"namespace"`
		Pod                string `json:"pod"`
		Container          string `json:"container"`
		Type               string `json:"type"`
		QOSClass           string `json:"qosClass"`
		MemoryRequestBytes *int64 `json:"memoryRequestBytes"`
		MemoryLimitBytes   *int64 `json:"memoryLimitBytes"`
		SwapLimitBytes     *int64 `json:"swapLimitBytes"`
		MemorySwapMax      *int64 `json:"memorySwapMax"`
		Reason             string `json:"reason"`
	} `json:"containers"`
	Warnings []struct {
		Object  string `json:"object"`
		Message string `json:"message"`
	} `json:"warnings"`
}

// planOf runs 'swapctl plan --pods -' and returns what it prints.
func planOf(t *testing.T, input string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := root.Run(hosttest.New(t).Host(), append([]string{"plan", "-q", "--pods", "-"}, args...),
		cli.Process{In: strings.NewReader(input), Out: &out, Err: &errs, LookupEnv: clitest.NoEnv})
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	return out.String()
}

func parsePlan(t *testing.T, text string) planDocument {
	t.Helper()
	var doc planDocument
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// vectors are the answers of a real kubelet.
type vectors struct {
	PriorityClasses map[string]int32 `json:"priorityClasses"`
	Scenarios       []struct {
		Name          string `json:"name"`
		NodeMemory    int64  `json:"nodeMemory"`
		NodeSwap      int64  `json:"nodeSwap"`
		SwapBehavior  string `json:"swapBehavior"`
		CgroupVersion int    `json:"cgroupVersion"`
	} `json:"scenarios"`
	Pods    []map[string]any                     `json:"pods"`
	Answers map[string]map[string]kubeletsAnswer `json:"answers"`
}

type kubeletsAnswer struct {
	QOSClass   string              `json:"qosClass"`
	Containers [][]json.RawMessage `json:"containers"`
	Swap       map[string][]int64  `json:"swap"`
}

// TestThePlanIsWhatTheKubeletSays takes the kubelet's answers all the way from
// what kubectl prints to the documents: both views, every scenario, JSON input
// and YAML input, and each output.
func TestThePlanIsWhatTheKubeletSays(t *testing.T) {
	text, err := os.ReadFile("../../../internal/limits/testdata/limitedswap-v1.37.1.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for view, answers := range v.Answers {
		asJSON := v.list(t, view)
		asYAML, err := sigsyaml.JSONToYAML([]byte(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range v.Scenarios {
			args := []string{
				"--node-memory", strconv.FormatInt(s.NodeMemory, 10), "--node-swap", strconv.FormatInt(s.NodeSwap, 10),
				"--swap-behavior", s.SwapBehavior, "--cgroup-version", strconv.Itoa(s.CgroupVersion), "--kubernetes-version", "v1.37.1",
			}
			out := planOf(t, asJSON, append(args, "-o", "json")...)
			compared += v.compare(t, view+" "+s.Name, s.Name, answers, parsePlan(t, out))
			if fromYAML := planOf(t, string(asYAML), append(args, "-o", "json")...); fromYAML != out {
				t.Errorf("%s %s: YAML gives another plan:\n%s", view, s.Name, cmp.Diff(out, fromYAML))
			}
			sameDocuments(t, out, planOf(t, asJSON, append(args, "-o", "yaml")...), planOf(t, asJSON, append(args, "-o", "csv")...))
		}
	}
	if compared < 1000 {
		t.Errorf("only %d containers compared", compared)
	}
}

// list is the input: the pods as a view has them.
func (v *vectors) list(t *testing.T, view string) string {
	t.Helper()
	var items []any
	for _, name := range slices.Sorted(maps.Keys(v.PriorityClasses)) {
		items = append(items, map[string]any{"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
			"metadata": map[string]any{"name": name}, "value": v.PriorityClasses[name]})
	}
	for i, pod := range v.Pods {
		pod = maps.Clone(pod)
		metadata := maps.Clone(pod["metadata"].(map[string]any))
		pod["metadata"] = metadata
		if _, there := v.Answers[view][fmt.Sprintf("%s/%s", metadata["namespace"], metadata["name"])]; !there {
			continue
		}
		if view == "raw" {
			metadata["uid"] = fmt.Sprintf("uid-%d", i)
		} else {
			delete(metadata, "uid")
			delete(pod, "status")
		}
		items = append(items, pod)
	}
	text, err := json.MarshalIndent(map[string]any{"apiVersion": "v1", "items": items, "kind": "List"}, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// compare holds a document against the answers, and returns how many containers
// it compared.
func (v *vectors) compare(t *testing.T, title, scenario string, answers map[string]kubeletsAnswer, doc planDocument) int {
	t.Helper()
	got := map[string][]string{}
	for _, c := range doc.Containers {
		of := func(p *int64) int64 {
			if p == nil {
				return 0
			}
			return *p
		}
		key := c.Namespace + "/" + c.Pod
		got[key] = append(got[key], fmt.Sprintf("%s %s %s request %d limit %d swap %d", c.Container, c.Type, c.QOSClass,
			of(c.MemoryRequestBytes), of(c.MemoryLimitBytes), of(c.SwapLimitBytes)))
	}
	count := 0
	for key, answer := range answers {
		var want []string
		for i, c := range answer.Containers {
			want = append(want, fmt.Sprintf("%s %s %s request %s limit %s swap %d",
				unquoted(c[0]), unquoted(c[1]), answer.QOSClass, c[2], c[3], answer.Swap[scenario][i]))
			count++
		}
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s, %s (-kubelet +plan):\n%s", title, key, diff)
		}
	}
	return count
}

func unquoted(text json.RawMessage) string { return strings.Trim(string(text), `"`) }

// sameDocuments holds YAML and CSV against JSON.
func sameDocuments(t *testing.T, asJSON, asYAML, asCSV string) {
	t.Helper()
	converted, err := sigsyaml.YAMLToJSONStrict([]byte(asYAML))
	if err != nil {
		t.Fatal(err)
	}
	parse := func(text []byte) (doc map[string]any) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	doc := parse([]byte(asJSON))
	if diff := cmp.Diff(doc, parse(converted)); diff != "" {
		t.Errorf("YAML is another document (-json +yaml):\n%s", diff)
	}
	records, err := csv.NewReader(strings.NewReader(asCSV)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	containers := doc["containers"].([]any)
	if len(records) != len(containers)+1 {
		t.Fatalf("%d lines of CSV for %d containers", len(records), len(containers))
	}
	for i, record := range records[1:] {
		for j, name := range records[0] {
			want := fmt.Sprint(containers[i].(map[string]any)[name])
			if want = strings.Replace(want, "<nil>", "", 1); record[j] != want {
				t.Errorf("container %d: %s is %q in CSV, %q in JSON", i, name, record[j], want)
			}
		}
	}
}

// TestOrderOfInputDoesNotMatter shuffles documents: a LimitRange or a class may
// come after the pods that need it.
func TestOrderOfInputDoesNotMatter(t *testing.T) {
	documents := []string{
		clitest.APod("{}"),
		"apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec:\n  limits:\n  - {type: Container, defaultRequest: {memory: 1Gi}, default: {memory: 2Gi}}\n",
		"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1000\n",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec:\n  priorityClassName: high\n  containers: [{name: c, resources: {limits: {memory: 512Mi}}}]\n",
	}
	var want []string
	for range 24 {
		documents = append(documents[1:], documents[0])
		out := planOf(t, strings.Join(documents, "---\n"), "--node-memory=8Gi", "--node-swap=4Gi", "-o=csv")
		lines := strings.Split(out, "\n")
		slices.Sort(lines)
		if want == nil {
			want = lines
		} else if diff := cmp.Diff(want, lines); diff != "" {
			t.Fatal(diff)
		}
	}
	if !strings.Contains(strings.Join(want, "\n"), "1073741824,2147483648,536870912,536870912,Proportional") {
		t.Errorf("the LimitRange does not count:\n%s", strings.Join(want, "\n"))
	}
}

// TestSortedIsTheSamePlan: another order, nothing else.
func TestSortedIsTheSamePlan(t *testing.T) {
	var input strings.Builder
	for i := range 300 {
		input.WriteString(strings.Replace(clitest.APod(fmt.Sprintf("{requests: {memory: %dMi}}", i*37%101)), "name: web", fmt.Sprintf("name: web-%d", i), 1) + "---\n")
	}
	args := []string{"--node-memory=64Gi", "--node-swap=32Gi", "-o=json"}
	plain := parsePlan(t, planOf(t, input.String(), args...))
	for _, order := range []string{"swap", "request", "name"} {
		sorted := parsePlan(t, planOf(t, input.String(), append(args, "--sort="+order)...))
		before := plain.Containers[0]
		for i, c := range sorted.Containers {
			var wrong bool
			switch order {
			case "swap":
				wrong = *before.SwapLimitBytes < *c.SwapLimitBytes
			case "request":
				wrong = before.MemoryRequestBytes != nil && c.MemoryRequestBytes != nil && *before.MemoryRequestBytes < *c.MemoryRequestBytes
			case "name":
				wrong = before.Pod > c.Pod
			}
			if i > 0 && wrong {
				t.Errorf("--sort %s: %s stands before %s", order, before.Pod, c.Pod)
			}
			before = c
		}
		byPod := func(d planDocument) map[string]string {
			m := map[string]string{}
			for _, c := range d.Containers {
				m[c.Pod] = fmt.Sprint(*c.SwapLimitBytes, *c.MemorySwapMax, c.Reason)
			}
			return m
		}
		if diff := cmp.Diff(byPod(plain), byPod(sorted)); diff != "" {
			t.Errorf("--sort %s changes more than the order:\n%s", order, diff)
		}
	}
}

func TestManyWarningsAreCutShortOnStderrOnly(t *testing.T) {
	input := strings.Repeat(clitest.APod("{requests: {memory: -1}}")+"---\n", 50)
	var out, errs bytes.Buffer
	code := root.Run(hosttest.New(t).Host(), []string{"plan", "--pods", "-", "--skip-invalid", "-o", "json", "--node-memory=8Gi", "--node-swap=0"},
		cli.Process{In: strings.NewReader(input), Out: &out, Err: &errs, LookupEnv: clitest.NoEnv})
	if code != 0 {
		t.Fatal(errs.String())
	}
	if n := len(parsePlan(t, out.String()).Warnings); n < 50 {
		t.Errorf("%d warnings in the document", n)
	}
	if n := strings.Count(errs.String(), "\n"); n != 21 || !strings.Contains(errs.String(), "more; -o json has all of them") {
		t.Errorf("%d lines on stderr:\n%s", n, errs.String())
	}
}

// TestABadFileInADirectoryIsSkipped: the hint of the error is the command that
// works.
func TestABadFileInADirectoryIsSkipped(t *testing.T) {
	h := hosttest.New(t)
	h.WriteFile("/root/m/half.yaml", "apiVersion: v1\nkind: [\n", 0o644)
	h.WriteFile("/root/m/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, resources: {requests: {memory: 1Gi}}}]}\n", 0o644)
	args := []string{"plan", "--pods", "/root/m", "--node-memory=8Gi", "--node-swap=4Gi"}
	var out, errs bytes.Buffer
	if code := root.Run(h.Host(), args, cli.Process{Out: &out, Err: &errs, LookupEnv: clitest.NoEnv}); code != 2 || out.Len() > 0 || !strings.Contains(errs.String(), "/root/m/half.yaml: document 1") || !strings.Contains(errs.String(), "add --skip-invalid") {
		t.Errorf("%d\n%s%s", code, out.String(), errs.String())
	}
	out.Reset()
	errs.Reset()
	if code := root.Run(h.Host(), append(args, "--skip-invalid"), cli.Process{Out: &out, Err: &errs, LookupEnv: clitest.NoEnv}); code != 0 || !strings.Contains(out.String(), "512Mi") || !strings.Contains(errs.String(), "left out from there on: /root/m/half.yaml") {
		t.Errorf("%d\n%s%s", code, out.String(), errs.String())
	}
}
