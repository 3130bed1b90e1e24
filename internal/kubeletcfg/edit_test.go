package kubeletcfg

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/fail"
)

// edits are files before and after: all other bytes stay.
func edits() []struct{ name, version, behavior, before, after string } {
	return []struct{ name, version, behavior, before, after string }{
		{"nothing there", "1.34", LimitedSwap, kubeletHead, kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		{"no newline at the end", "1.34", NoSwap, strings.TrimSuffix(kubeletHead, "\n"), kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: NoSwap\n"},
		{"as kubeadm leaves it", "1.34", LimitedSwap, kubeletHead + "memoryThrottlingFactor: 0\nmemorySwap: {}\nnodeStatusReportFrequency: 0s\n",
			kubeletHead + "memoryThrottlingFactor: 0\nmemorySwap: {swapBehavior: LimitedSwap}\nnodeStatusReportFrequency: 0s\nfailSwapOn: false\n"},
		{"already so", "1.34", LimitedSwap, "# mine\n" + kubeletHead + "failSwapOn: no # really\nmemorySwap: {swapBehavior: 'LimitedSwap'}\n", "# mine\n" + kubeletHead + "failSwapOn: no # really\nmemorySwap: {swapBehavior: 'LimitedSwap'}\n"},
		{"comments and order", "1.34", LimitedSwap, "# a\n" + kubeletHead + "# b\nfailSwapOn: true   # c\n\nmemorySwap: # d\n    # e\n    swapBehavior: \"NoSwap\" # f\nz: 1 # g\n# h\n",
			"# a\n" + kubeletHead + "# b\nfailSwapOn: false   # c\n\nmemorySwap: # d\n    # e\n    swapBehavior: LimitedSwap # f\nz: 1 # g\n# h\n"},
		{"a comment at the end", "1.34", LimitedSwap, kubeletHead + "failSwapOn: false\n\n# vim: et\n", kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n\n# vim: et\n"},
		{"a text at the end", "1.34", LimitedSwap, kubeletHead + "failSwapOn: false\nclusterDomain: |+\n  # no comment\n\n", kubeletHead + "failSwapOn: false\nclusterDomain: |+\n  # no comment\n\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		{"the lines of Windows", "1.29", LimitedSwap, strings.ReplaceAll(kubeletHead+"featureGates:\n  A: true\n", "\n", "\r\n"),
			strings.ReplaceAll(kubeletHead+"featureGates:\n  NodeSwap: true\n  A: true\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n", "\n", "\r\n")},
		{"an empty value", "1.34", LimitedSwap, kubeletHead + "failSwapOn:\nmemorySwap: # later\n", kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap} # later\n"},
		{"null", "1.34", LimitedSwap, kubeletHead + "failSwapOn: ~\nmemorySwap: null\n", kubeletHead + "failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n"},
		{"JSON on one line", "1.29", LimitedSwap, `{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","failSwapOn":true,"featureGates":{}}`,
			`{"memorySwap": {"swapBehavior": "LimitedSwap"}, "kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","failSwapOn":false,"featureGates":{"NodeSwap": true}}`},
		{"JSON with tabs", "1.34", NoSwap, "{\n\t\"kind\": \"KubeletConfiguration\",\n\t\"apiVersion\": \"kubelet.config.k8s.io/v1beta1\",\n\t\"memorySwap\": {\n\t\t\"swapBehavior\": \"\"\n\t}\n}\n",
			"{\n\t\"failSwapOn\": false,\n\t\"kind\": \"KubeletConfiguration\",\n\t\"apiVersion\": \"kubelet.config.k8s.io/v1beta1\",\n\t\"memorySwap\": {\n\t\t\"swapBehavior\": \"NoSwap\"\n\t}\n}\n"},
		{"a second document", "1.34", NoSwap, "---\n" + kubeletHead + "---\nfailSwapOn: true\n", "---\n" + kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: NoSwap\n---\nfailSwapOn: true\n"},
		{"a gate that is off", "1.31", LimitedSwap, kubeletHead + "featureGates: {NodeSwap: false}\n", kubeletHead + "featureGates: {NodeSwap: true}\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		{"a gate that kills", "1.34", LimitedSwap, kubeletHead + "featureGates:\n  NodeSwap: false\n", kubeletHead + "featureGates:\n  NodeSwap: true\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		{"betas that are off", "1.31", LimitedSwap, kubeletHead + "featureGates:\n  AllBeta: false\n", kubeletHead + "featureGates:\n  NodeSwap: true\n  AllBeta: false\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		{"back to no swap", "1.29", NoSwap, kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\nfeatureGates:\n  NodeSwap: true\n", kubeletHead + "failSwapOn: false\nmemorySwap:\n  swapBehavior: \"\"\nfeatureGates:\n  NodeSwap: false\n"},
		{"an alias", "1.34", LimitedSwap, kubeletHead + "x: &x true\nfailSwapOn: *x\n", kubeletHead + "x: &x true\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\n"},
		{"a merge key", "1.34", NoSwap, kubeletHead + "<<: {failSwapOn: true, maxPods: 5}\n", kubeletHead + "<<: {failSwapOn: true, maxPods: 5}\nfailSwapOn: false\nmemorySwap:\n  swapBehavior: NoSwap\n"},
		{"a merge key that counts", "1.34", NoSwap, kubeletHead + "failSwapOn: false\n<<: {failSwapOn: true}\nmemorySwap: {swapBehavior: NoSwap}\n", kubeletHead + "failSwapOn: false\n<<: {failSwapOn: false}\nmemorySwap: {swapBehavior: NoSwap}\n"},
		{"letters of many bytes", "1.34", NoSwap, kubeletHead + "memorySwap: {\"größe\": ü, swapBehavior: LimitedSwap}\nfailSwapOn: false\n", kubeletHead + "memorySwap: {\"größe\": ü, swapBehavior: NoSwap}\nfailSwapOn: false\n"},
		{"indented", "1.34", NoSwap, "  apiVersion: kubelet.config.k8s.io/v1beta1\n  kind: KubeletConfiguration\n", "  apiVersion: kubelet.config.k8s.io/v1beta1\n  kind: KubeletConfiguration\n  failSwapOn: false\n  memorySwap:\n    swapBehavior: NoSwap\n"},
	}
}

func TestAnEditTouchesNothingElse(t *testing.T) {
	rows := load1(t)
	for _, e := range edits() {
		t.Run(e.name, func(t *testing.T) {
			row, err := rows.Find(e.version)
			if err != nil {
				t.Fatal(err)
			}
			got, err := row.Edit([]byte(e.before), Desired{e.behavior, 2})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(e.after, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			again, err := row.Edit(got, Desired{e.behavior, 2})
			if err != nil || !bytes.Equal(again, got) {
				t.Errorf("a second time: %v\n%s", err, again)
			}
		})
	}
}

func TestAnEditThatCannotBeIsRefused(t *testing.T) {
	row, err := load1(t).Find("1.34")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                                    "there is nothing in it",
		"a: [":                                "invalid YAML",
		"- a\n":                               "configuration:1: document 1: expected an object, found a list",
		"kind: KubeletConfiguration\n":        "apiVersion",
		kubeletHead + "memorySwap: 7\n":       "memorySwap",
		kubeletHead + "failSwapOn: !!str x\n": "configuration: line 3: failSwapOn: it has an anchor or a tag",
		kubeletHead + "memorySwap:\n  swapBehavior: |\n    x\n":                                                 "configuration: line 4: memorySwap.swapBehavior: it is written over several lines",
		kubeletHead + "featureGates: {NodeSwap: \"false\"}\nfailSwapOn: {a: b}\n":                               "failSwapOn",
		kubeletHead + "a: &a {swapBehavior: NoSwap}\nmemorySwap: *a\n":                                          "alias",
		kubeletHead + "systemReserved: {cpu: 1}\n":                                                              "systemReserved",
		kubeletHead + "x: &a [*a]\n":                                                                            "configuration:3: document 1: the value of an anchor contains itself",
		kubeletHead + "a: &a {failSwapOn: true}\nfailSwapOn: false\n<<: *a\n":                                   "failSwapOn: it cannot be set without touching something else",
		kubeletHead + "x: &a [" + strings.Repeat("1,", 400) + "]\ny: &b [" + strings.Repeat("*a,", 400) + "]\n": "the aliases expand to too many values",
	} {
		_, err := row.Edit([]byte(text), Desired{LimitedSwap, 2})
		if err == nil || !strings.Contains(err.Error(), want) || fail.Code(err) != fail.Usage {
			t.Errorf("%q: %v, code %d", text, err, fail.Code(err))
		}
	}
}

// FuzzEdit: an edit is refused, or only what was intended has changed and the
// kubelet accepts it.
func FuzzEdit(f *testing.F) {
	for _, e := range edits() {
		f.Add(e.before)
	}
	for _, e := range append(faults(), correct()...) {
		f.Add(strings.Replace(e.text, "«", "", 1))
	}
	row, err := load1(f).Find("1.34")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before string) {
		got, err := row.Edit([]byte(before), Desired{LimitedSwap, 2})
		if err != nil {
			return
		}
		e, err := row.Effective(Inputs{Config: &Source{"config.yaml", got}})
		if err != nil || e.FailSwapOn || e.SwapBehavior != LimitedSwap || !e.NodeSwap || len(e.Fatals()) > 0 {
			t.Fatalf("%q became %q: %+v, %v", before, got, e, err)
		}
		old, err := first(Source{"before", []byte(before)})
		if err != nil {
			t.Fatal(err)
		}
		now, err := first(Source{"after", got})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := old.root.Any().(map[string]any)
		b, _ := now.root.Any().(map[string]any)
		for _, field := range []string{"failSwapOn", "memorySwap", "featureGates"} {
			delete(a, field)
			delete(b, field)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%q became %q", before, got)
		}
	})
}
