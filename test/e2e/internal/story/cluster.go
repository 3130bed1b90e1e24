package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/cluster"
	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// clusterNodes are the nodes of the cluster: of different sizes, as the limit of a container depends on that.
func clusterNodes() []machine.Node {
	return []machine.Node{{Name: "n1", Memory: 1024}, {Name: "n2", Memory: 1280}}
}

// startedCluster is a cluster and what it looked like when nobody had used it yet.
type startedCluster struct {
	*cluster.Cluster
	nodes map[string]*booted
	fresh string
}

// startCluster boots the nodes and makes them a cluster.
func (s *Machines) startCluster(ctx context.Context, options machine.Options) (*startedCluster, error) {
	made := &startedCluster{nodes: map[string]*booted{}}
	var err error
	made.Cluster, err = cluster.Start(ctx, cluster.Options{
		Programs: options.Kubernetes, WorkDir: options.WorkDir, Nodes: clusterNodes(),
		Boot: func(ctx context.Context, node machine.Node) (machine.Machine, error) {
			options := options
			options.Node = &node
			return s.boot(ctx, options, false)
		},
	})
	if err != nil {
		return nil, err
	}
	for _, node := range clusterNodes() {
		found, err := made.Node(node.Name)
		if err != nil {
			return nil, errors.Join(err, made.Close())
		}
		made.nodes[node.Name] = found.(*booted)
	}
	if made.fresh, err = made.state(ctx); err != nil {
		return nil, errors.Join(err, made.Close())
	}
	return made, nil
}

// state is everything observable that a story may have changed, on the nodes and in the API.
func (c *startedCluster) state(ctx context.Context) (string, error) {
	var all strings.Builder
	for _, node := range clusterNodes() {
		text, err := c.nodes[node.Name].state(ctx)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(text) {
			fmt.Fprintf(&all, "%s: %s", node.Name, line)
		}
	}
	for _, args := range [][]string{
		{"get", "namespaces,priorityclasses,runtimeclasses", "--output=name"},
		{"get", "pods,limitranges", "--all-namespaces", "--output=name"},
		{"get", "nodes", `--output=jsonpath={range .items[*]}{.metadata.name} {.spec} {.status.nodeInfo.swap}{"\n"}{end}`},
	} {
		text, err := c.Kubectl(ctx, args...)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&all, "== kubectl %s\n%s", strings.Join(args[:2], " "), text)
	}
	return all.String(), nil
}

// cleanTries: what a story deleted is gone from the API before the kubelet has tidied up after it.
const cleanTries = 20

// isFresh fails when the cluster does not look as in the beginning.
func (c *startedCluster) isFresh(ctx context.Context) error {
	var now string
	for range cleanTries {
		var err error
		if now, err = c.state(ctx); err != nil || now == c.fresh {
			return err
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("the story says \"reuse: yes\" but leaves the cluster changed:\n%s", difference(c.fresh, now))
}

// takeCluster returns the cluster that runs, or starts it. Turns see to it that one story at a time has it.
func (s *Machines) takeCluster(ctx context.Context, lane string) (*startedCluster, error) {
	s.mu.Lock()
	found := s.cluster
	s.cluster = nil
	s.mu.Unlock()
	if found != nil {
		return found, nil
	}
	options, err := s.lanes(lane)
	if err != nil {
		return nil, err
	}
	return s.startCluster(ctx, options)
}

// giveBackCluster keeps the cluster for the next story, or closes it.
func (s *Machines) giveBackCluster(ctx context.Context, c *startedCluster, reuse bool) error {
	if !reuse {
		return c.Close()
	}
	if err := c.isFresh(ctx); err != nil {
		return errors.Join(err, c.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cluster = c
	return nil
}

// onNode runs another command of stories on a node, or, where there is none of that name, a command inside.
func onNode(c *call) error {
	if err := c.need(2, "node NAME COMMAND ARGS..."); err != nil {
		return err
	}
	if c.cluster == nil {
		return errors.New("this lane has no cluster")
	}
	node := c.cluster.nodes[c.args[0]]
	if node == nil {
		return fmt.Errorf("no node %q", c.args[0])
	}
	there := *c.underway
	there.machine = node
	on := &call{underway: &there, script: c.script, negated: c.negated, args: c.args[1:], timeout: c.timeout, exit: c.exit}
	do := actions()[on.args[0]]
	if do == nil {
		return guest(on)
	}
	on.args = on.args[1:]
	if err := on.flags(); err != nil {
		return err
	}
	return do(on)
}

func kubectl(c *call) error {
	return c.finish(c.outside(c.timeout, c.script.Stdout(), c.script.Stderr(), append([]string{"kubectl"}, c.args...)...))
}

// clusterPrologue makes a script say where it failed.
const clusterPrologue = `set -Eeuo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND: exit status $?" >&2' ERR
file=$1; shift
. "./$file"`

// clusterShell runs a section of the story with bash on this host, for which kubectl talks to the cluster.
func clusterShell(c *call) error {
	if err := c.need(1, "cluster-sh [-t 60s] [-exit N] FILE ARGS..."); err != nil {
		return err
	}
	command := append([]string{"bash", "-c", clusterPrologue, c.args[0]}, c.args...)
	return c.finish(c.outside(c.timeout, c.script.Stdout(), c.script.Stderr(), command...))
}

// outside runs a command on this host, in the network of the cluster and the directory of the script.
func (c *call) outside(limit time.Duration, stdout, stderr io.Writer, args ...string) (int, error) {
	if c.cluster == nil {
		return 0, errors.New("this lane has no cluster")
	}
	limit = cmp.Or(limit, machine.ExecTimeout)
	ctx, cancel := context.WithTimeout(c.ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.cluster.Program(args[0]), args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.script.MkAbs("."), stdout, stderr
	cmd.Env = append(os.Environ(), c.environment()...)
	cmd.WaitDelay = 2 * time.Second
	err := c.cluster.Run(cmd)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, fmt.Errorf("the command did not finish in %v", limit)
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	}
	return 0, err
}
