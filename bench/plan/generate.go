package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// generatePods writes a List of pods as 'kubectl get pods -A -o json' or yaml
// does: the names of fields sorted, the kind of the List behind its items.
// Every run writes the same.
func generatePods(w io.Writer, form string, count int, managed bool) error {
	out := bufio.NewWriterSize(w, 1<<20)
	begin, between, end := "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n", ",\n",
		"\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
	item := jsonItem
	switch form {
	case "json":
	case "yaml":
		begin, between, end = "apiVersion: v1\nitems:\n", "", "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
		item = yamlItem
	default:
		return fmt.Errorf("no such form: %s", form)
	}
	// Printing takes long: a few hundred pods come again with other names.
	const kinds = 257
	var texts []string
	for i := range min(count, kinds) {
		text, err := item(newPod(i, managed))
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	out.WriteString(begin)
	for i := range count {
		if i > 0 {
			out.WriteString(between)
		}
		out.WriteString(strings.ReplaceAll(texts[i%len(texts)], serial(i%len(texts)), serial(i)))
	}
	out.WriteString(end)
	return out.Flush()
}

// jsonItem prints one item of a List with kubectl's indentation.
func jsonItem(pod map[string]any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(true)
	e.SetIndent("        ", "    ")
	err := e.Encode(pod)
	return "        " + strings.TrimRight(b.String(), "\n"), err
}

// yamlItem prints one item of a List as kubectl does, long texts folded.
func yamlItem(pod map[string]any) (string, error) {
	b, err := yaml.Marshal([]any{pod})
	return string(b), err
}

// serial is the part of a pod's name by which it is known.
func serial(i int) string { return fmt.Sprintf("5d9c7b%06x", i) }
