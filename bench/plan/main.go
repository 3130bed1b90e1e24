// Command plan compares how fast swapctl reads pods with other programs: jq for
// JSON, and sigs.k8s.io/yaml with the types of k8s.io/api for YAML. Both
// compute the same sum over pods as kubectl prints them; the runs alternate, in
// changing order. It prints medians, their ratios, and the peak memory of each.
// Run it with 'make bench-plan'. It is a separate module, so that the libraries
// it compares with are not dependencies of swapctl.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	swapctl := flag.String("swapctl", "bin/swapctl", "binary to measure")
	jq := flag.String("jq", "jq", "jq to compare with; the goal is against jq 1.6")
	runs := flag.Int("runs", 7, "paired runs")
	sizes := flag.String("pods", "1000", "numbers of pods, such as 1000,10000, that both ways read; sigs.k8s.io/yaml takes 3 GB for 10000")
	large := flag.Int("large", 100000, "number of pods that only swapctl reads, for its memory (takes 2 GB in the temporary directory); 0: leave that out")
	nodes := flag.Int("nodes", 5000, "with -generate cluster: nodes beside the pods, and a Deployment with its ReplicaSet for 15 of the pods each")
	cluster := flag.Int("cluster", 150000, "pods of a cluster with -nodes nodes, piped into swapctl, for its memory, after jq was compared on a fifth of it; 0: leave that out")
	managed := flag.Bool("managed-fields", false, "as kubectl --show-managed-fields prints them")
	generate := flag.String("generate", "", "only write pods to stdout: json, yaml, or cluster (JSON)")
	sum := flag.String("sum", "", "only sum up the YAML `file` with sigs.k8s.io/yaml and k8s.io/api")
	flag.Parse()
	err := run(*swapctl, *jq, *runs, *sizes, *large, *cluster, *nodes, *managed, *generate, *sum)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(swapctl, jq string, runs int, sizes string, large, cluster, nodes int, managed bool, form, sum string) error {
	counts, err := numbers(sizes)
	if err != nil {
		return err
	}
	switch {
	case sum != "":
		return sumPodList(sum)
	case form == "cluster":
		return generateCluster(os.Stdout, nodes, counts[0])
	case form != "":
		return generatePods(os.Stdout, form, counts[0], managed)
	}
	if swapctl, err = filepath.Abs(swapctl); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "swapctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b := bench{swapctl: swapctl, jq: jq, self: self, runs: runs, dir: dir, managed: managed}
	b.title()
	for _, count := range counts {
		if err := b.json(count); err != nil {
			return err
		}
		if err := b.yaml(count); err != nil {
			return err
		}
	}
	if large > 0 {
		if err := b.memory(large); err != nil {
			return err
		}
	}
	if cluster > 0 {
		if err := b.nodes(max(1, nodes/5), max(1, cluster/5)); err != nil {
			return err
		}
		return b.cluster(nodes, cluster)
	}
	return nil
}

func numbers(text string) ([]int, error) {
	var all []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of pods", word)
		}
		all = append(all, n)
	}
	return all, nil
}
