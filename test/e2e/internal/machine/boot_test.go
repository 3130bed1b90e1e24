package machine

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/wire"
)

// TestMain is also the agent of the machines in these tests.
func TestMain(m *testing.M) {
	if os.Getenv("E2E_TEST_AGENT") == "" {
		os.Exit(m.Run())
	}
	line := os.NewFile(3, "line")
	in, out := wire.NewReader(line), json.NewEncoder(line)
	for {
		var request wire.Request
		if in.Next(&request) != nil {
			return
		}
		_ = out.Encode(wire.Reply{ID: request.ID, BootID: "first", Done: true})
	}
}

// dull is an emulator that hangs at its first starts.
type dull struct {
	still, starts, tries int
}

func (d *dull) bootTimeout() time.Duration { return 2 * time.Second }
func (d *dull) startsAnew() bool           { return false }
func (d *dull) trouble() string            { return "it is dull" }

func (d *dull) again(context.Context) error {
	d.tries++
	return nil
}

func (d *dull) start(_ context.Context, agent, _ *os.File) (*process, error) {
	cmd := exec.Command("sleep", "60")
	if d.starts++; d.starts > d.still {
		cmd = exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "E2E_TEST_AGENT=yes")
	}
	cmd.ExtraFiles = []*os.File{agent}
	return start(cmd, nil)
}

func TestAMachineThatStandsStillIsStartedAgain(t *testing.T) {
	for _, c := range []struct {
		name         string
		still, tries int
		boots        bool
	}{
		{"never", 0, 0, true},
		{"twice", 2, 2, true},
		{"always", bootTries, bootTries - 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			emulator := &dull{still: c.still}
			m := &machine{emulator: emulator, dir: t.TempDir()}
			err := m.Boot(t.Context())
			if (err == nil) != c.boots || emulator.tries != c.tries {
				t.Errorf("after %d tries more: %v", emulator.tries, err)
			}
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
