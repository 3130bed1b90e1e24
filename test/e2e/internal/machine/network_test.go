package machine

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"
)

// TestNetworkIsOfItsOwn: its devices are there for what is started in it, and for nobody else.
func TestNetworkIsOfItsOwn(t *testing.T) {
	before := interfaces(t)
	network, err := NewNetwork(t.Context(), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "ip", "-brief", "address")
	cmd.Stdout = &out
	if err := network.Run(cmd); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"br0", GatewayAddress + "/24", "t-a", "t-b"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in the network:\n%s", want, out.String())
		}
	}
	if now := interfaces(t); now != before {
		t.Errorf("the interfaces of the host were %s and are %s", before, now)
	}
	if err := network.Run(exec.CommandContext(t.Context(), "ip", "route", "get", "192.0.2.1")); err == nil {
		t.Error("there is a way out of the network")
	}
}

// TestNetworkKillsWhatItStarted: nothing of a control plane outlives its cluster.
func TestNetworkKillsWhatItStarted(t *testing.T) {
	network, err := NewNetwork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	cmd := exec.Command("sleep", "1000")
	kill, err := network.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	kill()
	if cmd.ProcessState == nil {
		t.Error("it was not waited for")
	}
}

func interfaces(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Name)
	}
	return strings.Join(names, " ")
}
