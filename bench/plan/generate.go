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
// does: field names sorted, the kind of the List after its items. Every run
// writes the same bytes.
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
	// Printing takes long: a few hundred pods are repeated with other names.
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

// podsOfOne is the number of pods of a ReplicaSet.
const podsOfOne = 15

// generateCluster writes a List as 'kubectl get
// nodes,deployments,replicasets,pods -A -o json' does. All pods exist, so no
// workload lacks any.
func generateCluster(w io.Writer, nodes, count int) error {
	out := bufio.NewWriterSize(w, 1<<20)
	between := "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n"
	put := func(text string) {
		out.WriteString(between)
		out.WriteString(text)
		between = ",\n"
	}
	for i := range nodes {
		text, err := jsonItem(newNode(i))
		if err != nil {
			return err
		}
		put(text)
	}
	for i := range (count + podsOfOne - 1) / podsOfOne {
		for _, workload := range newWorkload(i, min(podsOfOne, count-i*podsOfOne)) {
			text, err := jsonItem(workload)
			if err != nil {
				return err
			}
			put(text)
		}
	}
	const kinds = 257
	var texts []string
	for i := range min(count, kinds) {
		text, err := jsonItem(newPod(i, false))
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	for i := range count {
		kind := i % len(texts)
		put(strings.NewReplacer(serial(kind), serial(i), uid(kind+7), replicaSetUID(i/podsOfOne), uid(kind), uid(i),
			nodeName(kind%50), nodeName(i*7919%nodes)).Replace(texts[kind]))
	}
	out.WriteString("\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n")
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

// yamlItem prints one item of a List as kubectl does, with long strings folded.
func yamlItem(pod map[string]any) (string, error) {
	b, err := yaml.Marshal([]any{pod})
	return string(b), err
}

// serial is the part of a pod's name that identifies it.
func serial(i int) string { return fmt.Sprintf("5d9c7b%06x", i) }
