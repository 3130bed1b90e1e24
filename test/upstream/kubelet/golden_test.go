// Package kubelet decodes what swapctl writes into the types of k8s.io/kubelet,
// of one minor after the other: 'make upstream' runs it with each go-1.*.mod.
// It is a module of its own, because a module can have only one version of
// k8s.io/kubelet.
package kubelet

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"
)

const facts = "../../../internal/kubeletcfg"

// minor is the minor of k8s.io/kubelet, 34 of v0.34.4, from the path of its
// source in the module cache: a test has no other way to know what it was built
// with.
func minor(t *testing.T) int {
	t.Helper()
	code := reflect.ValueOf((*kubeletv1beta1.KubeletConfiguration).DeepCopy).Pointer()
	file, _ := runtime.FuncForPC(code).FileLine(code)
	m := regexp.MustCompile(`k8s\.io/kubelet@v0\.(\d+)\.`).FindStringSubmatch(file)
	if m == nil {
		t.Fatalf("no version in %s", file)
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// kubeletDocuments returns the documents of a file that a kubelet reads.
func kubeletDocuments(text []byte) [][]byte {
	var all [][]byte
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		if bytes.Contains(document, []byte("kind: KubeletConfiguration")) {
			all = append(all, document)
		}
	}
	return all
}

// read decodes strictly, and checks the result.
func read(text []byte) (kubeletv1beta1.KubeletConfiguration, error) {
	var c kubeletv1beta1.KubeletConfiguration
	if err := yaml.UnmarshalStrict(text, &c); err != nil {
		return c, err
	}
	var plain map[string]any
	if err := yaml.Unmarshal(text, &plain); err != nil {
		return c, err
	}
	if err := exact(reflect.TypeOf(c), plain); err != nil {
		return c, err
	}
	switch {
	case c.APIVersion != kubeletv1beta1.SchemeGroupVersion.String() || c.Kind != "KubeletConfiguration":
		return c, fmt.Errorf("%s %s is no kubelet's", c.APIVersion, c.Kind)
	case c.FailSwapOn == nil || *c.FailSwapOn:
		return c, fmt.Errorf("failSwapOn is %v", c.FailSwapOn)
	}
	return c, nil
}

// exact finds names in another case: Kubernetes' decoder does not accept them,
// but encoding/json, which the decoder here uses, does.
func exact(typ reflect.Type, object map[string]any) error {
	known := map[string]reflect.Type{"apiVersion": nil, "kind": nil}
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known[name] = field.Type
	}
	for name, value := range object {
		of, ok := known[name]
		if !ok {
			return fmt.Errorf("there is no field %s", name)
		}
		if inner, isObject := value.(map[string]any); isObject && of.Kind() == reflect.Struct {
			if err := exact(of, inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestTheTypesOfThisMinorTakeWhatIsWritten(t *testing.T) {
	files, err := filepath.Glob(fmt.Sprintf("%s/testdata/golden/1.%d/*.yaml", facts, minor(t)))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	read1 := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range kubeletDocuments(text) {
			c, err := read(document)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			_, behavior, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".yaml"), "-cgroup1"), "-")
			if got := c.MemorySwap.SwapBehavior; got != behavior && got != "" {
				t.Errorf("%s: swapBehavior %q", file, got)
			}
			read1++
		}
	}
	if read1 < 4 {
		t.Errorf("only %d documents were read", read1)
	}
}

// The test finds each of these mistakes in each golden file.
func TestAMistakeInAGoldenIsFound(t *testing.T) {
	files, err := filepath.Glob(fmt.Sprintf("%s/testdata/golden/1.%d/kubelet-*.yaml", facts, minor(t)))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for from, to := range map[string]string{
			"failSwapOn:":             "failSwapon:",
			"failSwapOn: false":       "failSwapOn: \"false\"",
			"failSwapOn: false\n":     "failSwapOn: true\n",
			"\nfailSwapOn: false":     "\nfailSwapOn: false\nfailSwapOn: false",
			"swapBehavior:":           "swapBehaviour:",
			"memorySwap:":             "memoryswap:",
			"NodeSwap: true":          "NodeSwap: \"true\"",
			"kubelet.config.k8s.io/v": "kubelet.config.k8s.io/w",
			"kind: Kubelet":           "kind: kubelet",
			"failCgroupV1: false":     "failCgroupV2: false",
		} {
			wrong := strings.Replace(string(text), from, to, 1)
			if wrong == string(text) {
				continue // not in this minor
			}
			if _, err := read([]byte(wrong)); err == nil {
				t.Errorf("%s: %q for %q was not found", file, to, from)
			}
		}
	}
}

// fields.txt has exactly the fields that this minor has.
func TestTheTableOfFieldsIsRight(t *testing.T) {
	n := minor(t)
	want := map[string]bool{}
	collect(reflect.TypeFor[kubeletv1beta1.KubeletConfiguration](), want)
	file, err := os.Open(facts + "/fields.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got := map[string]bool{}
	section := ""
	entry := regexp.MustCompile(`^(\S+) \S+ (\d+)-(\d*)$`)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		m := entry.FindStringSubmatch(line)
		typ, ok := strings.CutPrefix(section, "kubelet ")
		if m == nil || !ok {
			continue
		}
		first, _ := strconv.Atoi(m[2])
		last, err := strconv.Atoi(m[3])
		if first <= n && (err != nil || n <= last) {
			got[typ+"."+m[1]] = true
		}
	}
	for field := range want {
		if !got[field] {
			t.Errorf("fields.txt lacks %s in 1.%d: go run ./facts", field, n)
		}
	}
	for field := range got {
		if !want[field] {
			t.Errorf("fields.txt has %s, 1.%d has not: go run ./facts", field, n)
		}
	}
}

// collect adds the fields of a type and, recursively, of the types that it uses
// from the same package.
func collect(typ reflect.Type, into map[string]bool) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ.PkgPath() != reflect.TypeFor[kubeletv1beta1.KubeletConfiguration]().PkgPath() {
		return
	}
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous {
			into[typ.Name()+".apiVersion"], into[typ.Name()+".kind"] = true, true
			continue
		}
		if name == "" || name == "-" || into[typ.Name()+"."+name] {
			continue
		}
		into[typ.Name()+"."+name] = true
		collect(field.Type, into)
	}
}
