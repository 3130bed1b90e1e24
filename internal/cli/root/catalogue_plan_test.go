package root_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// pods puts a file with pods on the node.
func pods(text string) []shape { return []shape{file("/root/pods.yaml", text, 0o644)} }

func badPlanCommands() []situation {
	const plan = "plan --pods /root/pods.yaml "
	node := pods(clitest.APod("{requests: {memory: 1Gi}}"))
	rows := []situation{
		{name: "plan of nothing", args: "plan", says: "no pods given", hint: "swapctl plan --pods FILE"},
		{name: "plan of a file without its flag", args: "plan pods.yaml", says: "unexpected argument", hint: "--pods pods.yaml"},
		{name: "plan of a file that is not there", args: "plan --pods /root/missing.yaml", says: "no such file", hint: "- for standard input"},
		{name: "plan of an empty directory", node: []shape{dir("/root/none", 0o755)}, args: "plan --pods /root/none", says: "no *.yaml", hint: "name the file itself"},
		{name: "standard input twice", args: "plan --pods - --node -", says: "only once", hint: "plan --help"},
		{name: "sort by what is not there", args: plan + "--sort size", says: `"size" is not one of`, hint: "plan --help"},
		{name: "explain without a namespace", args: plan + "--explain web", says: "not a namespace and a name", hint: "--explain default/web"},
		{name: "explain a pod that is not there", args: plan + "--explain default/wbe", says: "default/wbe", hint: "--sort name"},
		{name: "two questions", args: plan + "--explain default/web --recommend --target-ratio 1", says: "mutually exclusive", hint: "plan --help"},
		{name: "recommend without a target", args: plan + "--recommend", says: "needs one target", hint: "--target-per-container 512Mi"},
		{name: "recommend with two targets", args: plan + "--recommend --target-ratio 1 --target-per-container 1Gi", says: "needs one target, not two", hint: "leave --target-per-container or --target-ratio out"},
		{name: "a target without recommend", args: plan + "--target-ratio 0.5", says: "needs --recommend", hint: "plan --help"},
		{name: "a target in words", args: plan + "--recommend --target-per-container much", says: "not a size", hint: "512Mi"},
		{name: "a ratio of nothing", args: plan + "--recommend --target-ratio 0", says: "more than 0", hint: "0.5"},
		{name: "a ratio that is not a number", args: plan + "--recommend --target-ratio half", says: `"half" is not a number`, hint: "plan --help"},
		{name: "sort and recommend", args: plan + "--recommend --target-ratio 1 --sort swap", says: "has no effect with --recommend", hint: "plan --help"},
		{name: "diff with a file that is not there", args: plan + "--diff /root/other.yaml", says: "no such file", hint: "file"},
		{name: "diff with a misspelt size", args: plan + "--diff swap=much", says: "swap: ", hint: "swap=8Gi,memory=32Gi"},
		{name: "diff with a size of something else", args: plan + "--diff swap=8Gi,cpu=4", says: `"cpu=4" is neither`, hint: "swap=8Gi,memory=32Gi"},
		{name: "diff with Node objects that are gone", args: plan + "--node - --diff /root/pods.yaml", says: "needed twice", hint: "--node node.json"},
		{name: "template path that is none", args: plan + "--template-path =spec", says: "template path", hint: "argoproj.io/Rollout=spec.template"},
	}
	for i := range rows {
		rows[i].code, rows[i].state = 2, noState
		rows[i].node = append(rows[i].node, node...)
	}
	return rows
}

func badPlanNodes() []situation {
	const plan = "plan --pods /root/pods.yaml "
	aNode := func(status string) shape {
		return file("/root/node.json", `{"apiVersion":"v1","kind":"Node","metadata":{"name":"n"},"status":`+status+`}`, 0o644)
	}
	two := file("/root/nodes.yaml", strings.Repeat("---\napiVersion: v1\nkind: Node\nmetadata: {name: node-a}\nstatus: {capacity: {memory: 8Gi}}\n", 2), 0o644)
	rows := []situation{
		{name: "node memory in words", args: plan + "--node-memory much", says: "--node-memory", hint: "64Gi"},
		{name: "node without memory", args: plan + "--node-memory 0", says: "more than 0", hint: "64Gi"},
		{name: "node swap negative", args: plan + "--node-swap=-1Gi", says: "--node-swap", hint: "32Gi"},
		{name: "share of an unknown memory", args: plan + "--node-swap 50%", says: "needs the memory", hint: "--node-memory 50%"},
		{name: "pages of a strange size", args: plan + "--page-size 5000", says: "is not a page size", hint: "4096"},
		{name: "cgroup version that is none", args: plan + "--cgroup-version 3", says: "neither 1 nor 2", hint: "plan --help"},
		{name: "behaviour that no kubelet has", args: plan + "--swap-behavior Bogus", says: `swapBehavior "Bogus"`, hint: "--swap-behavior"},
		{name: "behaviour that is gone", args: plan + "--swap-behavior UnlimitedSwap", says: "UnlimitedSwap", hint: "--swap-behavior"},
		{name: "version before swap", args: plan + "--kubernetes-version 1.21", says: "1.21", hint: "--kubernetes-version"},
		{name: "version that is not out yet", args: plan + "--kubernetes-version 1.99", says: "1.99", hint: "--kubernetes-version"},
		{name: "version in words", args: plan + "--kubernetes-version newest", says: "newest", hint: "--kubernetes-version"},
		{name: "gate of something else", args: plan + "--feature-gates NodeMemorySwap=true", says: `"NodeMemorySwap" is not NodeSwap`, hint: "NodeSwap=true"},
		{name: "gate that is locked", args: plan + "--feature-gates NodeSwap=false", says: "locked", hint: "--feature-gates"},
		{name: "node file and node memory", args: plan + "--node /root/node.json --node-memory 8Gi", says: "contradict", hint: "use only one of them"},
		{name: "node and nodes", args: plan + "--node /root/node.json --nodes /root/node.json", says: "twice", hint: "plan --help"},
		{name: "node file that is not there", args: plan + "--node /root/nowhere.json", says: "no such file", hint: "file"},
		{name: "node file without a node", args: plan + "--node /root/pods.yaml", says: "has no Node", hint: "kubectl get node NAME -o json > node.json"},
		{name: "several nodes as one", node: []shape{two}, args: plan + "--node /root/nodes.yaml", says: "several", hint: "--nodes /root/nodes.yaml"},
		{name: "one node twice", node: []shape{two}, args: plan + "--nodes /root/nodes.yaml", says: "twice", hint: "use only one of them"},
		{name: "Node object without its memory", node: []shape{aNode(`{}`)}, args: plan + "--node /root/node.json", says: "status.capacity.memory", hint: "fix"},
		{name: "a machine that does not say its memory", node: []shape{fails("read", "/proc/meminfo", unix.EACCES)}, args: plan, code: 1, says: "this machine", hint: "--node-memory 64Gi"},
	}
	for i := range rows {
		if rows[i].code == 0 {
			rows[i].code = 2
		}
		rows[i].state = noState
		rows[i].node = append(rows[i].node, pods(clitest.APod("{requests: {memory: 1Gi}}"))...)
	}
	return rows
}

func badPods() []situation {
	const skip = "--skip-invalid"
	deep := strings.Repeat("[", 100_000)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [*" + strings.Repeat(p+",*", 8) + p + "]\n"
	}
	const list = `{"kind":"List","apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"containers":[{"name":"c"}]}}`
	rows := []situation{
		{name: "empty file", node: pods(""), says: "/root/pods.yaml", hint: "kubectl get pods"},
		{name: "comments only", node: pods("# nothing\n---\n"), says: "/root/pods.yaml", hint: "kubectl get pods"},
		{name: "neither YAML nor JSON", node: pods("{\"kind\": \"Pod\", \"metadata\": }"), says: "/root/pods.yaml"},
		{name: "truncated JSON", node: pods(list), says: "/root/pods.yaml"},
		{name: "JSON with a bracket too many", node: pods(list + "]}}"), says: "/root/pods.yaml"},
		{name: "truncated gzip", node: pods(gzipped(list + "]}")[:60]), says: "/root/pods.yaml"},
		{name: "not UTF-8", node: pods(`{"kind":"Pod","metadata":{"name":"` + "\xff\xfe\x80" + `"}}`), says: "UTF-8"},
		{name: "doubled key in JSON", node: pods(`{"kind":"Pod","kind":"Node","metadata":{"name":"a"}}`), says: "kind"},
		{name: "doubled key in YAML", node: pods("kind: Pod\nkind: Node\n"), says: "kind"},
		{name: "brackets without end", node: pods(`{"kind":"Pod","metadata":` + deep), says: "/root/pods.yaml"},
		{name: "anchors that multiply", node: pods(bomb + "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec:\n  containers: *j\n"), says: "/root/pods.yaml"},
		{name: "object without a kind", node: pods("apiVersion: v1\nmetadata: {name: a}\n"), says: "kind"},
		{name: "broken YAML in the second document", node: pods(clitest.APod("{}") + "---\nkind: \"Pod\n"), says: "document 2"},
		{name: "memory that is not a quantity", node: pods(clitest.APod("{requests: {memory: lots}}")), says: "spec.containers[0].resources.requests", hint: skip},
		{name: "memory that is a list", node: pods(clitest.APod("{requests: {memory: [1Gi]}}")), says: "spec.containers[0].resources.requests"},
		{name: "containers that are a text", node: pods("kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {containers: none}\n"), says: "spec.containers"},
		{name: "memory that is negative", node: pods(clitest.APod("{requests: {memory: -1Gi}}")), says: "spec.containers[0].resources.requests", hint: skip},
		{name: "memory beyond all machines", node: pods(clitest.APod("{requests: {memory: \"9223372036854775808\"}}")), says: "spec.containers[0].resources.requests", hint: skip},
		{name: "request above the limit", node: pods(clitest.APod("{requests: {memory: 2Gi}, limits: {memory: 1Gi}}")), says: "spec.containers[0].resources.requests", hint: skip},
		{name: "pod without a name", node: pods("kind: Pod\napiVersion: v1\nspec: {containers: [{name: c}]}\n"), says: "metadata.name", hint: skip},
		{name: "pod without containers", node: pods("kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {}\n"), says: "spec.containers", hint: skip},
		{name: "the third item of a list", node: pods("kind: List\napiVersion: v1\nitems:\n" + strings.Repeat(item("1Gi"), 2) + item("-1")), says: "item 2"},
	}
	for i := range rows {
		rows[i].code, rows[i].state, rows[i].args = 2, noState, "plan --node-memory 8Gi --node-swap 4Gi --pods /root/pods.yaml"
	}
	return append(rows, situation{
		name: "no room for the pods", args: "plan --node-memory 8Gi --node-swap 4Gi --pods /root/pods.yaml", code: 1, state: noState,
		node: append(pods(manyPods()), func(n *hosttest.Node) { n.FailOn("tempwrite", "", unix.ENOSPC) }),
		says: "no space left", hint: "TMPDIR",
	})
}

// item is a pod in a YAML list.
func item(memory string) string {
	return "- {kind: Pod, apiVersion: v1, metadata: {name: a}, spec: {containers: [{name: c, resources: {requests: {memory: " + memory + "}}}]}}\n"
}

// manyPods are more than stay in memory.
func manyPods() string {
	var pod strings.Builder
	pod.WriteString(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"containers":[{"name":"first"}`)
	for i := range 200 {
		fmt.Fprintf(&pod, `,{"name":"container-%d-%s"}`, i, strings.Repeat("x", 40))
	}
	pod.WriteString("]}}\n")
	return strings.Repeat(pod.String(), 600)
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	mustDo(err)
	mustDo(w.Close())
	return b.String()
}
