package manifest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const podJSON = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","uid":"u1","annotations":{"kubernetes.io/config.source":"api","note":"{\"memory\": \"12Gi\"}"},
 "managedFields":[{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{}}}}}]},
 "spec":{"containers":[{"name":"a","resources":{"requests":{"memory":"1Gi","cpu":1,"nvidia.com/gpu":"1"},"limits":{"memory":2147483648,"hugepages-2Mi":"4Mi"}}}],
 "nodeSelector":{"disk":"ssd"},"nodeName":"n1","priority":0,
 "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"In","values":["b","c"]}]}]}}}},
 "status":{"phase":"Running","qosClass":"Burstable","containerStatuses":[{"resources":{"requests":{"memory":"7Gi"}}}]}}`

// jsonSeeds are where the fuzzing of JSON begins; all of them run as tests.
func jsonSeeds() []string {
	list := func(head, items string) string { return `{` + head + `"items":[` + items + `]}` }
	bare := strings.Replace(podJSON, `"apiVersion":"v1","kind":"Pod",`, "", 1)
	return []string{
		podJSON, podJSON + "\n" + podJSON,
		list(`"apiVersion":"v1","kind":"List",`, podJSON+","+podJSON),
		list(`"apiVersion":"v1","kind":"PodList",`, bare+","+bare),
		strings.TrimSuffix(list("", bare+","+bare), "}") + `,"kind":"PodList","apiVersion":"v1"}`,
		strings.TrimSuffix(list("", podJSON), "}") + `,"kind":"List","apiVersion":"v1"}`,
		strings.TrimSuffix(list("", `{"metadata":{"name":"x"},"spec":{"replicas":3,"template":{"spec":{"containers":[]}}}}`), "}") + `,"kind":"DeploymentList","apiVersion":"apps/v1"}`,
		list(`"apiVersion":"v1","kind":"List",`, ""), `{"kind":"PodList","apiVersion":"v1","items":null}`,
		`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":2,"template":{"metadata":{"annotations":{"kubernetes.io/config.mirror":null}},"spec":{"priorityClassName":"x","containers":[null]}}}}`,
		`{"apiVersion":"batch/v1","kind":"CronJob","spec":{"jobTemplate":{"spec":{"parallelism":5,"completions":2,"template":{}}}}}`,
		`{"apiVersion":"v1","kind":"LimitRange","spec":{"limits":[{"type":"Container","default":{"memory":"1e3"},"min":{"cpu":1e-3}}]}}`,
		`{"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","value":1000000,"globalDefault":true}`,
		`{"apiVersion":"v1","kind":"Node","metadata":{"name":"n","labels":{"a":"b"}},"status":{"capacity":{"memory":"8148Ki"},"nodeInfo":{"kubeletVersion":"v1.34.1","swap":{"capacity":4294963200}}}}`,
		`{"apiVersion":"example.org/v1","kind":"Set","spec":{"replicas":4,"template":{"spec":{"containers":[{"name":"\u0061","resources":{"requests":{"mem\u006fry":"1Gi"}}}]}}}}`,
		`{"apiVersion":"x/v1","kind":"Odd","spec":{"containers":"text","template":[[1,{}],"x"],"limits":{"a":1},"pod":{"template":{"spec":{}}}}}`,
		`{"kind":"Pod","apiVersion":"v1","kind":"Pod"}`, `{"apiVersion":"v1","kind":"Pod","spec":{"containers":{}}}`,
		`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"resources":{"limits":{"memory":true}}}]}}`,
		`{"apiVersion":"v1","kind":"Pod","a":[1,2.5e-3,-0,true,false,null,"\u00e9\\\"\n",{"b":{}},[],[[]]]}`,
		`{"apiVersion":"v1","kind":"Pod","a":[1,]}`, `{"apiVersion":"v1","kind":"Pod","a":{"b"}}`, `{"apiVersion":"v1","kind":"Pod","a":[}]`, `{"apiVersion":"v1",}`,
		`{"apiVersion":"v1","kind":"Pod","a":"\x"}`, `{"apiVersion":"v1","kind":"Pod","a":"\ud800"}`, `{"apiVersion":"v1","kind":"Pod","a":01}`, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"a\":\"\t\"}",
		podJSON[:len(podJSON)/2], `{}`, `{"a":`, `{"apiVersion":"v1","kind":"List","items":[{"kind":"List","apiVersion":"v1","items":[]}]}`,
		indented(podJSON), indented(list(`"apiVersion":"v1","kind":"List","metadata":{"a":"\u003c\n","b":[[],[{}]],"c":{}},`, podJSON+","+podJSON)),
		`{"apiVersion":"v1","kind":"Pod","\ud800":1,"metadata":{"annotations":{"\udc00x":"y"}}}`, `{"apiVersion":"v1","kind":"Pod","a":["b",}`, `{"apiVersion":"v1","kind":"Pod","a":{"b":{"c":"d"}]}`,
		`{"items":[],"items":[]}`, `{"items":[{"apiVersion":"v1","kind":"Pod"}],"items":{}}`,
	}
}

// indented is JSON as kubectl prints it.
func indented(text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "    "); err != nil {
		panic(err)
	}
	return b.String()
}

var braceYAML = regexp.MustCompile(`{\s*[^\s"}]`)

// comparableJSON leaves out what only the reader takes: YAML and comments
// between documents, and text that is not UTF-8.
func comparableJSON(data string) bool {
	trimmed := strings.TrimLeft(data, " \t\r\n")
	return utf8.ValidString(data) && strings.HasPrefix(trimmed, "{") && !strings.ContainsAny(data, "#\ufeff") &&
		!strings.Contains(data, "---") && !strings.Contains(data, "...") && !braceYAML.MatchString(data)
}

// yamlSeeds are where the fuzzing of YAML begins; all of them run as tests.
func yamlSeeds() []string {
	seeds := []string{podYAML}
	files, err := filepath.Glob("testdata/yaml/*.yaml")
	if err != nil || len(files) == 0 {
		panic("no seeds")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		for part := range bytes.SplitSeq(b, []byte("\n---\n")) {
			seeds = append(seeds, string(part))
		}
	}
	return seeds
}

// comparableYAML leaves out what sigs.k8s.io/yaml takes differently for reasons
// that have nothing to do with the content: marks between documents, JSON.
func comparableYAML(data string) bool {
	for line := range strings.Lines(data) {
		if isMark([]byte(line)) || strings.HasPrefix(line, "%") {
			return false
		}
	}
	trimmed := strings.TrimLeft(data, " \t\r\n")
	return utf8.ValidString(data) && !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") && !strings.ContainsAny(data, "\ufeff\x00")
}

func TestSeeds(t *testing.T) {
	for _, seed := range jsonSeeds() {
		if comparableJSON(seed) {
			same(t, seed, plainJSON)
		}
	}
	for _, seed := range yamlSeeds() {
		if comparableYAML(seed) {
			same(t, seed, plainYAML)
		}
	}
}
