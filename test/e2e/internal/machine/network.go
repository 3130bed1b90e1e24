package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Network is a network namespace with a bridge, from which nothing leaves this host. It has no name that a run that was
// killed could leave behind: it ends when nobody is in it any more.
type Network struct {
	namespace *os.File
}

// GatewayAddress is the address of this host in every network; its subnet has 24 bits.
const GatewayAddress = "10.99.0.1"

// NewNetwork makes a network with one tap device for each of the machines.
func NewNetwork(ctx context.Context, machines ...string) (*Network, error) {
	made := make(chan error)
	n := &Network{}
	go func() {
		runtime.LockOSThread() // and never unlocks: the thread ends with its namespace
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.namespace, err = os.Open("/proc/thread-self/ns/net")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("cannot make a network: %w", err)
	}
	commands := [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "br0", "type", "bridge"},
		{"address", "add", GatewayAddress + "/24", "dev", "br0"},
		{"link", "set", "br0", "up"},
	}
	for _, name := range machines {
		commands = append(commands, []string{"tuntap", "add", "dev", tap(name), "mode", "tap"},
			[]string{"link", "set", tap(name), "master", "br0", "up"})
	}
	for _, args := range commands {
		if err := n.Run(exec.CommandContext(ctx, "ip", args...)); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot make a network: ip %v: %w", args, err), n.Close())
		}
	}
	return n, nil
}

// tap is the name of the device of a machine.
func tap(name string) string { return "t-" + name }

// enter brings the calling thread into the network. It must be locked, and never be unlocked again.
func (n *Network) enter() error {
	if n == nil {
		return nil
	}
	return unix.Setns(int(n.namespace.Fd()), unix.CLONE_NEWNET)
}

// Start starts a program in the network and returns what kills it. It ends at the latest with this program.
func (n *Network) Start(cmd *exec.Cmd) (kill func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setsid: true}
	proc, err := start(cmd, n)
	if err != nil {
		return nil, err
	}
	return proc.kill, nil
}

// Run runs a program in the network and waits for it. The error is that of exec.Cmd.Run; the end of the command's
// context ends it.
func (n *Network) Run(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	proc, err := start(cmd, n)
	if err != nil {
		return err
	}
	<-proc.done
	return proc.err
}

// Close lets go of the network.
func (n *Network) Close() error { return n.namespace.Close() }
