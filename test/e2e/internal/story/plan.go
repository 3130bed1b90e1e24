package story

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// planHolds compares what plan says of every running container of the cluster with its memory.swap.max, and prints both.
// Fewer containers than the number given are an error: so is one that plan does not have.
func planHolds(c *call) error {
	if err := errors.Join(c.plain(), c.need(1, "plan-holds CONTAINERS")); err != nil {
		return err
	}
	if c.cluster == nil {
		return errors.New("this lane has no cluster")
	}
	least, err := strconv.Atoi(c.args[0])
	if err != nil {
		return err
	}
	dump, err := c.cluster.Kubectl(c.ctx, "get", "nodes,pods", "--all-namespaces", "--output=json")
	if err != nil {
		return err
	}
	planned, err := c.planned(dump)
	if err != nil {
		return err
	}
	limits, err := c.swapLimits()
	if err != nil {
		return err
	}
	var wrong []string
	running, err := runningContainers(dump)
	if err != nil {
		return err
	}
	for _, one := range running {
		real, plan := limits[one.id], planned[one.name]
		fmt.Fprintln(c.script.Stdout(), one.name, real, plan.limit, plan.reason)
		if real == "" || real != plan.limit {
			wrong = append(wrong, fmt.Sprintf("%s: memory.swap.max is %q, planned %q, %s", one.name, real, plan.limit, plan.reason))
		}
	}
	if len(running) < least {
		wrong = append(wrong, fmt.Sprintf("only %d containers run, want %d", len(running), least))
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

// plannedLimit is what plan says of a container.
type plannedLimit struct{ limit, reason string }

// planned is what plan says of the dump of a cluster: node/namespace/pod/container to the limit.
func (c *call) planned(dump string) (map[string]plannedLimit, error) {
	if err := c.machine.Put(c.ctx, "/root/cluster.json", 0o600, []byte(dump)); err != nil {
		return nil, err
	}
	var out, errs bytes.Buffer
	status, err := c.exec(machine.Command{
		Args: []string{"swapctl", "plan", "--pods", "/root/cluster.json", "--output=json"}, Stdout: &out, Stderr: &errs,
	})
	if err == nil && status != 0 {
		err = fmt.Errorf("swapctl plan ended with %d: %s", status, errs.String())
	}
	if err != nil {
		return nil, err
	}
	var plan struct {
		Containers []struct {
			Node, Namespace, Pod, Container, Reason string
			MemorySwapMax                           json.RawMessage
		}
	}
	if err := json.Unmarshal(out.Bytes(), &plan); err != nil {
		return nil, fmt.Errorf("cannot read the plan: %w", err)
	}
	limits := map[string]plannedLimit{}
	for _, p := range plan.Containers {
		name := strings.Join([]string{p.Node, p.Namespace, p.Pod, p.Container}, "/")
		limits[name] = plannedLimit{strings.Trim(string(p.MemorySwapMax), `"`), p.Reason}
	}
	return limits, nil
}

// findLimits prints identity and memory.swap.max of every container of a node. One may end meanwhile.
const findLimits = `find /sys/fs/cgroup/kubepods.slice -name 'cri-containerd-*.scope' | while read -r scope; do
    id=${scope##*cri-containerd-}
    limit=$(cat "$scope/memory.swap.max" 2>/dev/null) && echo "${id%.scope} $limit" || true
done`

// swapLimits are the limits of all containers of all nodes, by their identity.
func (c *call) swapLimits() (map[string]string, error) {
	limits := map[string]string{}
	for name, node := range c.cluster.nodes {
		var out bytes.Buffer
		command := machine.Command{Args: []string{"bash", "-c", findLimits}, Stdout: &out, Timeout: 2 * time.Minute}
		if status, err := node.Exec(c.ctx, command); err != nil || status != 0 {
			return nil, fmt.Errorf("cannot read the limits of %s: exit status %d, %w", name, status, err)
		}
		for line := range strings.Lines(out.String()) {
			if id, limit, found := strings.Cut(strings.TrimSpace(line), " "); found {
				limits[id] = limit
			}
		}
	}
	return limits, nil
}

// container is one that runs: its identity, and node/namespace/pod/container.
type container struct{ id, name string }

// runningContainers are those of the dump of a cluster.
func runningContainers(dump string) ([]container, error) {
	type status struct {
		Name, ContainerID string
		State             struct{ Running *struct{} }
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name, Namespace string }
			Spec     struct{ NodeName string }
			Status   struct{ InitContainerStatuses, ContainerStatuses, EphemeralContainerStatuses []status }
		}
	}
	if err := json.Unmarshal([]byte(dump), &list); err != nil {
		return nil, fmt.Errorf("cannot read what kubectl printed: %w", err)
	}
	var all []container
	for _, pod := range list.Items {
		of := pod.Status
		for _, one := range slices.Concat(of.InitContainerStatuses, of.ContainerStatuses, of.EphemeralContainerStatuses) {
			if one.State.Running != nil {
				name := strings.Join([]string{pod.Spec.NodeName, pod.Metadata.Namespace, pod.Metadata.Name, one.Name}, "/")
				all = append(all, container{strings.TrimPrefix(one.ContainerID, "containerd://"), name})
			}
		}
	}
	return all, nil
}
