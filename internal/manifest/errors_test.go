package manifest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/limits"
)

// spec is a pod with this in its spec, in YAML; the first of it is line 7.
func spec(text string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: shop\nspec:\n" + text
}

// request is a pod with this memory request, which is in line 11.
func request(amount string) string {
	return spec("  containers:\n  - name: a\n    resources:\n      requests:\n        memory: " + amount + "\n")
}

// jsonSpec is a List with one pod with this in its spec, in JSON, line 4.
func jsonSpec(text string) string {
	return "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\"},\n\"spec\":{\n" + text + "}}]}"
}

func zip(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// bomb is a few bytes of YAML that mean a million containers.
func bomb() string {
	text := "apiVersion: v1\nkind: Pod\na0: &a0 {name: x}\n"
	for i := range 7 {
		text += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 9), i)
	}
	return text + "spec: {containers: *a7}\n"
}

func TestBadInputIsNamed(t *testing.T) {
	const memoryField = "Pod shop/web: spec.containers[0].resources.requests[memory]: expected a quantity such as 512Mi"
	for text, want := range map[string]string{
		"":                            "standard input: there is no object in it",
		"# x\n---\n":                  "standard input: there is no object in it",
		"hello":                       "document 1 (line 1): expected an object, found a string",
		"\n- a":                       "document 1 (line 2): expected an object, found a list",
		"[{}]":                        "document 1 (line 1): expected an object, found a list",
		"null":                        "standard input: there is no object in it",
		strings.Repeat(" ", 5<<20):    "document 1 (line 1): a line, or an object in a form that needs it whole, of more than 4 MiB",
		"a: 1":                        "document 1 (line 1): object: apiVersion: is missing, expected a string like v1",
		`{"kind":"X"}`:                "document 1 (line 1): X: apiVersion: is missing, expected a string like v1",
		"apiVersion: v":               "document 1 (line 1): object: kind: is missing, expected a string like Pod",
		"apiVersion: v1\nkind: [Pod]": "document 1 (line 2): object: kind: expected a string, found a list",

		spec("  containers: 3\n"):                     "document 1 (line 7): Pod shop/web: spec.containers: expected a list, found 3",
		spec("  containers:\n  - web\n"):              "document 1 (line 8): Pod shop/web: spec.containers[0]: expected an object, found a string",
		spec("  containers:\n  - {}\n  - name: 3\n"):  "document 1 (line 9): Pod shop/web: spec.containers[1].name: expected a string, found 3",
		spec("  nodeName: on\n"):                      "document 1 (line 7): Pod shop/web: spec.nodeName: expected a string, found true (put it in quotes)",
		spec("  nodeSelector: {disk: true}\n"):        "document 1 (line 7): Pod shop/web: spec.nodeSelector[disk]: expected a string, found true",
		spec("  priority: high\n"):                    `document 1 (line 7): Pod shop/web: spec.priority: expected a whole number, found the string "high"`,
		spec("  priority: 99999999999\n"):             "document 1 (line 7): Pod shop/web: spec.priority: expected a whole number of 32 bits, found 99999999999",
		spec("  containers: []\n  containers: []\n"):  "document 1 (line 8): Pod shop/web: spec.containers: duplicate field",
		podYAML + "---\n" + spec("  priority: 1.5\n"): fmt.Sprintf("document 2 (line %d): Pod shop/web: spec.priority: expected a whole number, found 1.5", strings.Count(podYAML, "\n")+8),

		request("true"):                    "document 1 (line 11): " + memoryField + ", found true",
		request("1 Gi"):                    "document 1 (line 11): " + memoryField + `, found the string "1 Gi"`,
		request("1GiB"):                    "document 1 (line 11): " + memoryField + `, found the string "1GiB"`,
		request(`""`):                      "document 1 (line 11): " + memoryField + ", found a string",
		request("{}"):                      "document 1 (line 11): " + memoryField + ", found an object",
		request("1e999999999"):             "document 1 (line 11): " + memoryField + `, nothing so absurd, found the string "1e999999999"`,
		request(strings.Repeat("9", 1000)): "document 1 (line 11): " + memoryField + `, nothing so absurd, found the string "9999`,
		jsonSpec(`"containers":[{"resources":{"limits":{"memory":"1 Gi"}}}]`): `document 1, item 0 (line 4): Pod web: spec.containers[0].resources.limits[memory]: expected a quantity`,
		jsonSpec(`"containers":[],"containers":[]`):                           "document 1, item 0 (line 4): Pod web: spec.containers: duplicate field",

		jsonSpec(`"a":1,`):       "document 1, item 0 (line 4): expected the name of a field in quotes, found '}'",
		jsonSpec(`"a":[1`):       "document 1, item 0 (line 4): expected a comma or the end of the list, found '}'",
		jsonSpec(`"a" 1`):        "document 1, item 0 (line 4): expected a colon, found '1'",
		jsonSpec(`"a":tru`):      `document 1, item 0 (line 4): expected a value, found "tru"`,
		jsonSpec("\"a\":\"\n\""): "document 1, item 0 (line 4): the byte 0x0a is not allowed in a string",
		jsonSpec(`"a":"\q"`):     `document 1, item 0 (line 4): no such escape in a string: "\\q"`,
		jsonSpec("")[:75]:        "document 1, item 0 (line 2): the input is cut off inside an object",
		jsonSpec("") + "}":       "document 2 (line 4): expected the end of the input or another object, found '}'",
		`{"apiVersion":"v1","kind":"List","items":[3]}`:                                                  "document 1, item 0 (line 1): expected an object, found 3",
		`{"apiVersion":"v1","kind":"List","items":[{}]}`:                                                 "document 1, item 0 (line 1): object: apiVersion: is missing",
		`{"items":[{"spec":{"containers":[]}}],"kind":"List","apiVersion":"v1"}`:                         `document 1 (line 1): kind: expected a v1 PodList, as Pods without a kind are in it, found "v1 List"`,
		`{"apiVersion":"v1","kind":"List","items":[{"kind":"PodList","apiVersion":"v1","items":[]}]}`:    "document 1, item 0 (line 1): PodList: items: a List inside a List is not read",
		"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: the-rest-is-gone": "document 1 (line 1): kind: is missing, expected List or the like, maybe behind the items: the input may be cut off",

		spec("  x: \"abc\n"):                                      "document 1 (line 7): invalid YAML: found unexpected end of stream",
		spec("\tx: 1\n"):                                          "document 1 (line 7): invalid YAML: found character that cannot start any token",
		spec("  x: 1\n y: 2\n"):                                   "document 1 (line 8): invalid YAML: did not find expected key",
		spec("  x: 1\n- y\n"):                                     "document 1 (line 8): invalid YAML: did not find expected key",
		spec("  x:\n    y:\n      z: 1\n     z: 2\n"):             "document 1 (line 10): invalid YAML: did not find expected key",
		spec("  x: [1\n  y: 2\n"):                                 "document 1 (line 7): invalid YAML: did not find expected ',' or ']'",
		"# x\n---\n" + spec("  x: 1\n y: 2\n"):                    "document 1 (line 10): invalid YAML: did not find expected key",
		spec("") + "---\n" + spec("  x: 'a\n\n    b'\n  y: 'a\n"): "document 2 (line 17): invalid YAML: found unexpected end of stream",
		spec("  x: a: b\n"):                                       "document 1 (line 7): invalid YAML: mapping values are not allowed in this context",
		spec("  x: *a\n"):                                         "document 1 (line 7): invalid YAML: unknown anchor 'a' referenced",
		"a\x00b":                                                  "document 1 (line 1): invalid YAML: control characters are not allowed",

		"\xff\xfea\x00":                 "document 1 (line 1): the text is UTF-16, expected UTF-8",
		spec("  x: \xe9t\xe9\n"):        "document 1 (line 7): the text is not UTF-8",
		jsonSpec("\"a\":\"\xe9t\xe9\""): "document 1, item 0 (line 4): the text is not UTF-8",
		strings.TrimSuffix(jsonSpec(`"a":"`), "}}]}") + "\xe2\x82": "document 1, item 0 (line 4): the text is not UTF-8",
		zip(podYAML)[:100]:   "the input is cut off",
		"\x1f\x8bnot really": "document 1: gzip: invalid header",

		strings.Repeat(`{"a":`, 20000):                                                 "more than 10000 lists and objects inside each other",
		`{"apiVersion":"v1","kind":"Pod","a":` + strings.Repeat("[", 20000):            "more than 10000 lists and objects inside each other",
		`{"spec":{"containers":` + strings.Repeat("[", 20000):                          "more than 10000 lists and objects inside each other",
		"a: " + strings.Repeat("[", 20000):                                             "document 1 (line 1): invalid YAML: exceeded max depth of 10000",
		spec("  containers: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000)): "document 1 (line 7): Pod shop/web: spec.containers[0]: expected an object, found a list",
		spec("  containers: &a [*a]\n"):                                                "document 1 (line 7): the value of an anchor contains itself",
		bomb():                                                                         "the aliases expand to too many values",
		spec("  x: " + strings.Repeat("y", 5<<20)):                                     "document 1 (line 7): a line, or an object in a form that needs it whole, of more than 4 MiB",
		`{"metadata":{"name":"` + strings.Repeat("y", 2<<20) + `"}}`:                   "document 1 (line 1): an object with more than 1 MiB of names, resources and selectors",

		"apiVersion: v1\nkind: Node\nstatus: {capacity: {memory: -1}}":            "document 1 (line 3): Node: status.capacity[memory]: expected a number of bytes from 0 to 2^63-1, found -1",
		"apiVersion: v1\nkind: Node\nstatus: {nodeInfo: {swap: {capacity: 4Gi}}}": `document 1 (line 3): Node: status.nodeInfo.swap.capacity: expected a whole number, found the string "4Gi"`,
		"apiVersion: v1\nkind: LimitRange\nspec: {limits: {}}":                    "document 1 (line 3): LimitRange: spec.limits: expected a list, found an object",
		"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nvalue: \"3\"":     `document 1 (line 3): PriorityClass: value: expected a whole number, found the string "3"`,
		"apiVersion: example.org/v1\nkind: Set\nmetadata: {name: s}":              "Set s: spec.template: is missing, expected a pod template, as --template-path says",
	} {
		_, err := read(t, text, Options{TemplatePaths: []string{"Set=spec.template"}})
		if err == nil || !strings.Contains(err.Error(), want) || fail.Code(err) != fail.Usage {
			t.Errorf("%q:\n got %v\nwant %s", shortened([]byte(text)), err, want)
		}
	}
}

func TestErrorsOfFieldsCanBeTakenApart(t *testing.T) {
	_, err := read(t, request("true"), Options{})
	field, ok := errors.AsType[*limits.FieldError](err)
	if !ok || field.Source.Line != 11 || field.Object != "Pod shop/web" || field.Field != "spec.containers[0].resources.requests[memory]" {
		t.Errorf("%+v", field)
	}
}

func TestHintsSayWhatToDo(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "kubectl get pods -A",
		"No resources found": "kubectl get pods -A",
		"[{}]":               "jq '.[]'",
		"\xff\xfea\x00":      "Out-File -Encoding utf8",
		jsonSpec("")[:75]:    "create the file again",
		zip(podYAML)[:100]:   "create the file again",
	} {
		_, err := read(t, text, Options{})
		if hints := strings.Join(fail.Hints(err), "; "); !strings.Contains(hints, want) {
			t.Errorf("%q: %v: %q, want %q", text, err, hints, want)
		}
	}
}

func TestTemplatePathsAreChecked(t *testing.T) {
	for _, path := range []string{"", "=spec.template", "Rollout=", "Rollout=spec..template", "Rollout=spec.items[0]", "a/=x"} {
		if _, err := read(t, podYAML, Options{TemplatePaths: []string{path}}); fail.Code(err) != fail.Usage {
			t.Errorf("%q: %v", path, err)
		}
	}
}
