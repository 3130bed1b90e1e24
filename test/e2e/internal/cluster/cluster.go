// Package cluster starts a Kubernetes cluster: the control plane as processes of this host in a network namespace of
// its own, and nodes that are machines there. Nothing of it leaves the host, and nothing of it is left when it ends.
package cluster

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// Options say what a cluster is made of.
type Options struct {
	Programs string         // directory of the programs of Kubernetes
	WorkDir  string         // the cluster makes its own directory in it
	Nodes    []machine.Node // the names and how much memory; address and network are given by the cluster
	// Boot starts a machine for a node and returns when it is ready for commands.
	Boot func(ctx context.Context, node machine.Node) (machine.Machine, error)
}

// Cluster is a cluster that runs.
type Cluster struct {
	options Options
	dir     string
	network *machine.Network
	kill    []func() // the control plane, in the order of starting
	nodes   map[string]machine.Machine
}

// Start starts a cluster and returns when all nodes are Ready.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	dir, err := os.MkdirTemp(options.WorkDir, "cluster-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: options, dir: dir, nodes: map[string]machine.Machine{}}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start a cluster: %w\n%s", err, c.Logs()), c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	var names []string
	for _, node := range c.options.Nodes {
		names = append(names, node.Name)
	}
	var err error
	if c.network, err = machine.NewNetwork(ctx, names...); err != nil {
		return err
	}
	together, limited := errgroup.WithContext(ctx)
	together.Go(func() error { return c.controlPlane(limited) })
	machines := make([]machine.Machine, len(c.options.Nodes))
	for i, node := range c.options.Nodes {
		node.Network, node.Address = c.network, fmt.Sprintf("10.99.0.%d", 11+i)
		together.Go(func() error {
			made, err := c.options.Boot(limited, node)
			machines[i] = made
			return err
		})
	}
	err = together.Wait()
	for i, made := range machines {
		if made != nil {
			c.nodes[names[i]] = made
		}
	}
	if err != nil {
		return err
	}
	together, limited = errgroup.WithContext(ctx)
	for name, node := range c.nodes {
		together.Go(func() error { return join(limited, name, node) })
	}
	if err := together.Wait(); err != nil {
		return err
	}
	// kubeadm does not wait until the kubelet has made its Node object.
	for _, what := range []string{"create", "condition=Ready"} {
		for _, name := range names {
			if _, err := c.Kubectl(ctx, "wait", "--for="+what, "node/"+name, "--timeout=180s"); err != nil {
				return err
			}
		}
	}
	return nil
}

//go:embed join.sh
var joinScript string

// join makes a machine a node.
func join(ctx context.Context, name string, node machine.Machine) error {
	var output bytes.Buffer
	status, err := node.Exec(ctx, machine.Command{
		Args:    []string{"bash", "-euc", joinScript, "join.sh", machine.GatewayAddress + ":6443", token},
		Timeout: 4 * time.Minute, Stdout: &output, Stderr: &output,
	})
	if err == nil && status != 0 {
		err = fmt.Errorf("exit status %d", status)
	}
	if err != nil {
		return fmt.Errorf("cannot join %s: %w\n%s\n%s", name, err, output.String(), node.Journal(ctx))
	}
	return nil
}

// Node returns the machine of a node.
func (c *Cluster) Node(name string) (machine.Machine, error) {
	if node := c.nodes[name]; node != nil {
		return node, nil
	}
	return nil, fmt.Errorf("no node %q", name)
}

// Run runs a command on this host, in the network of the cluster. It may talk to the API server as its administrator.
// The end of the command's context ends it.
func (c *Cluster) Run(cmd *exec.Cmd) error {
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "KUBECONFIG="+c.path("super-admin.conf"), "HOME="+c.dir,
		"PATH="+c.options.Programs+":"+os.Getenv("PATH"))
	return c.network.Run(cmd)
}

// Kubectl runs kubectl and returns what it prints.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) (string, error) {
	return c.output(ctx, "kubectl", args...)
}

// Logs is the end of what each program of the control plane said.
func (c *Cluster) Logs() string {
	var all bytes.Buffer
	logs, _ := filepath.Glob(c.path("*.log"))
	for _, path := range logs {
		text, _ := os.ReadFile(path)
		fmt.Fprintf(&all, "%s\n%s\n", filepath.Base(path), text[max(0, len(text)-4000):])
	}
	return all.String()
}

func (c *Cluster) path(name string) string { return filepath.Join(c.dir, name) }

// Close ends everything.
func (c *Cluster) Close() error {
	var errs []error
	for _, node := range c.nodes {
		errs = append(errs, node.Close())
	}
	for i := range c.kill {
		c.kill[len(c.kill)-1-i]()
	}
	if c.network != nil {
		errs = append(errs, c.network.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(c.dir))...)
}

// Program is the path of one of the programs of Kubernetes, and the name itself of any other.
func (c *Cluster) Program(name string) string {
	path := filepath.Join(c.options.Programs, name)
	if _, err := os.Stat(path); err != nil {
		return name
	}
	return path
}
