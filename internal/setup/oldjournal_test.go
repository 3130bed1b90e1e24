package setup_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestJournalsOfVersion1AreReadFinishedAndUndone: they were written by the swapctl of
// before the checksums, whose files were the same ones. Devices had no tag then: see
// TestOldJournalsAreReadFinishedAndUndone.
func TestJournalsOfVersion1AreReadFinishedAndUndone(t *testing.T) {
	t.Parallel()
	everything := lasting(fileConfig("1Mi", true))
	everything.Swappiness = 30
	for name, s := range map[string]story{
		"plain":   {node: ordinary, want: fileConfig("1Mi", false)},
		"systemd": {node: systemd(true), want: everything},
		"fstab":   {node: tabled, want: fstabConfig(true)},
		"kubelet": {node: func(t *testing.T) *hosttest.Node { return withKubelet(t, "v1.34.0") }, want: kubeletConfig()},
	} {
		old, err := os.ReadFile("../step/testdata/" + name + ".v1")
		if err != nil {
			t.Fatal(err)
		}
		s.before = func(*hosttest.Node) error { return nil }
		t.Run(name+" whole", func(t *testing.T) {
			n, fresh := s.with(t, old, 0)
			state, err := setup.JournalState(context.Background(), n.Host())
			if err != nil || state.Goal != "up" || len(state.Pending) > 0 {
				t.Errorf("%+v, %v", state, err)
			}
			r, err := setup.Up(context.Background(), n.Host(), s.want, setup.UpOptions{})
			if err != nil || r.Changed {
				t.Errorf("a setup that has nothing to do: %v\n%s", err, states(r))
			}
			n.Reboot()
			if err := boot(n); err != nil || len(swaps(t, n)) != 1 {
				t.Errorf("boot: %v, %v", err, swaps(t, n))
			}
			s.fixes(t, n, fresh, false)
		})
		t.Run(name+" unfinished", func(t *testing.T) {
			for at := 8; ; at += 3 {
				n, fresh := s.with(t, old, at)
				if !n.Fired() {
					return
				}
				s.fixes(t, n, fresh, at%2 == 0)
				if t.Failed() {
					t.Fatalf("killed at operation %d", at)
				}
			}
		})
	}
}

// with is a node on which setup was killed at an operation, 0 for none, that has the
// old journal of it.
func (s *story) with(t *testing.T, old []byte, kill int) (*hosttest.Node, hosttest.Snapshot) {
	t.Helper()
	n, fresh := s.prepare(t)
	n.KillAt(kill)
	if err := run(n, s.want); err != nil && kill == 0 {
		t.Fatal(err)
	}
	n.WriteFile(setup.JournalPath, string(old), 0o600)
	return n, fresh
}

// asVersion1 is a journal as a swapctl of before the checksums would have written it,
// which noted nothing of what it had made either.
func asVersion1(journal string) string {
	var old strings.Builder
	for line := range strings.Lines(journal) {
		if !strings.HasPrefix(line, `{"op":"end"`) && !strings.HasPrefix(line, `{"op":"made"`) {
			line = strings.Replace(line, `{"op":"journal","version":2}`, `{"op":"journal","version":1}`, 1)
			old.WriteString(strings.ReplaceAll(line, `,"noted":true`, ""))
		}
	}
	return old.String()
}

// TestTheGoalIsWrittenAsBefore: the engine compares goals as bytes, and an upgrade has
// nothing to write down. Old journals have this order of fields.
func TestTheGoalIsWrittenAsBefore(t *testing.T) {
	t.Parallel()
	c := fileConfig("1Mi", true)
	text, err := json.Marshal(c)
	const want = `{"size":"1Mi","path":"/var/lib/swapctl/swapfile","device":"","encrypt":true,"cipher":"aes-xts-plain64","keySize":512,` +
		`"sectorSize":"auto","preallocation":"full","name":"cryptswap","priority":-1,"discard":"none","swappiness":-1,"minFreeKbytes":-1,` +
		`"watermarkScaleFactor":-1,"watermarkBoostFactor":-1,"protectSystemSlice":false,"persist":"auto","kubelet":"auto",` +
		`"swapBehavior":"LimitedSwap","kubernetesVersion":"","noRestart":false}`
	if err != nil || string(text) != want {
		t.Errorf("%s (%v), want\n%s", text, err, want)
	}
}
