package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// The goals: the largest share of the other's time, and memory in MiB, which
// must be the same for any number of pods.
const (
	goalJSON, goalYAML     = 0.06, 0.06
	goalFew                = 0.08 // up to 2,000 pods as JSON, where to start counts
	memoryJSON, memoryYAML = 24, 32
	memoryCluster          = 32 // with 5,000 nodes
)

type bench struct {
	swapctl, jq string
	self        string // the path of this program, for work that another process has to do
	dir         string
	runs        int
	managed     bool
}

func (b *bench) title() {
	fmt.Printf("%-38s %9s %9s %6s %5s %9s %9s %6s %6s %9s %5s\n", "medians of paired runs",
		"wall ms", "other", "ratio", "goal", "CPU ms", "other", "ratio", "MiB", "other", "goal")
}

// sumJQ is the sum of the memory requests of all containers, in jq.
const sumJQ = `def bytes: capture("^(?<n>[0-9.]+)(?<u>[a-zA-Z]*)$") | (.n|tonumber) *
  ({"":1,"Ki":1024,"Mi":1048576,"Gi":1073741824,"Ti":1099511627776,"k":1e3,"M":1e6,"G":1e9,"m":1e-3}[.u]);
[.items[] | .spec | ((.containers // []) + (.initContainers // []))[] | (.resources.requests.memory // "0") | tostring | bytes] | add`

func (b *bench) json(count int) error {
	file, err := b.file("json", count)
	if err != nil {
		return err
	}
	goal := goalJSON
	if count <= 2000 {
		goal = goalFew
	}
	return b.compare(fmt.Sprintf("%d pods, JSON / %s", count, b.version()), b.plan(file),
		[]string{b.jq, sumJQ, file}, goal, memoryJSON)
}

// nodes compares a cluster a fifth as large as Kubernetes supports: jq takes 1.7 GB
// for it.
func (b *bench) nodes(nodes, count int) error {
	file, err := b.file("cluster", count, "-nodes", fmt.Sprint(nodes))
	if err != nil {
		return err
	}
	err = b.compare(fmt.Sprintf("%d nodes, %d pods / %s", nodes, count, b.version()),
		[]string{b.swapctl, "plan", "--pods", file, "-o", "csv"}, []string{b.jq, sumJQ, file}, goalJSON, memoryCluster)
	return errors.Join(err, os.Remove(file))
}

func (b *bench) yaml(count int) error {
	file, err := b.file("yaml", count)
	if err != nil {
		return err
	}
	return b.compare(fmt.Sprintf("%d pods, YAML / sigs.k8s.io/yaml", count), b.plan(file),
		[]string{b.self, "-sum", file}, goalYAML, memoryYAML)
}

// memory measures swapctl alone, with inputs for which the others would need
// gigabytes.
func (b *bench) memory(count int) error {
	for _, form := range []string{"json", "yaml"} {
		goal := map[string]int{"json": memoryJSON, "yaml": memoryYAML}[form]
		file, err := b.file(form, count)
		if err != nil {
			return err
		}
		m, err := measure(b.plan(file))
		if err != nil {
			return err
		}
		fmt.Printf("%-38s %9.1f %9s %6s %5s %9.1f %9s %6s %6.1f %9s %5d\n", fmt.Sprintf("%d pods, %s, one run", count, form),
			ms(m.wall), "", "", "", ms(m.cpu), "", "", m.mib, "", goal)
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// cluster pipes a whole cluster into swapctl: nodes, workloads and their pods,
// of the largest size that Kubernetes supports (5,000 nodes, 150,000 pods).
func (b *bench) cluster(nodes, count int) error {
	generate := exec.Command(b.self, "-generate", "cluster", "-nodes", fmt.Sprint(nodes), "-pods", fmt.Sprint(count))
	generate.Stderr = os.Stderr
	pipe, err := generate.StdoutPipe()
	if err != nil {
		return err
	}
	if err := generate.Start(); err != nil {
		return err
	}
	m, err := measureWith(pipe, []string{b.swapctl, "plan", "--pods", "-", "-o", "csv"})
	if err := errors.Join(err, generate.Wait()); err != nil {
		return err
	}
	fmt.Printf("%-38s %9.1f %9s %6s %5s %9.1f %9s %6s %6.1f %9s %5d\n", fmt.Sprintf("%d nodes, %d pods, JSON, piped", nodes, count),
		ms(m.wall), "", "", "", ms(m.cpu), "", "", m.mib, "", memoryCluster)
	return nil
}

func (b *bench) version() string {
	out, err := exec.Command(b.jq, "--version").Output()
	if err != nil {
		return b.jq
	}
	return string(out[:max(len(out)-1, 0)])
}

// plan is the command line that is measured: it reads, judges and prints
// everything.
func (b *bench) plan(file string) []string {
	return []string{b.swapctl, "plan", "--pods", file, "--node-memory", "64Gi", "--node-swap", "32Gi", "-o", "csv"}
}

// file writes pods to disk. Another process makes them: Linux adds the memory
// of this process to the peak of those that it starts.
func (b *bench) file(form string, count int, more ...string) (string, error) {
	name := filepath.Join(b.dir, fmt.Sprintf("pods-%d.%s", count, form))
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(b.self, append(more, "-generate", form, "-pods", fmt.Sprint(count), fmt.Sprintf("-managed-fields=%t", b.managed))...)
	cmd.Stdout, cmd.Stderr = f, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", err
	}
	return name, f.Close()
}

// compare runs both in turn, changing which is first.
func (b *bench) compare(name string, ours, theirs []string, goal float64, goalMiB int) error {
	var walls, cpus [2][]time.Duration
	var peak [2]float64
	for i := range b.runs + 1 {
		order := []int{0, 1}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, who := range order {
			m, err := measure([][]string{ours, theirs}[who])
			if err != nil {
				return err
			}
			if i > 0 { // the first pair warms the caches
				walls[who] = append(walls[who], m.wall)
				cpus[who] = append(cpus[who], m.cpu)
			}
			peak[who] = max(peak[who], m.mib)
		}
	}
	wall, otherWall, cpu, otherCPU := ms(median(walls[0])), ms(median(walls[1])), ms(median(cpus[0])), ms(median(cpus[1]))
	fmt.Printf("%-38s %9.1f %9.1f %6.3f %5.2f %9.1f %9.1f %6.3f %6.1f %9.1f %5d\n", name,
		wall, otherWall, wall/otherWall, goal, cpu, otherCPU, cpu/otherCPU, peak[0], peak[1], goalMiB)
	return nil
}

type measured struct {
	wall, cpu time.Duration
	mib       float64
}

func measure(argv []string) (measured, error) { return measureWith(nil, argv) }

// measureWith measures a command with the given standard input.
func measureWith(in io.Reader, argv []string) (measured, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = in
	cmd.Stderr = os.Stderr
	begin := time.Now()
	err := cmd.Run()
	m := measured{wall: time.Since(begin)}
	if err != nil {
		return m, fmt.Errorf("%v: %w", argv, err)
	}
	m.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	m.mib = float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	return m, nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
