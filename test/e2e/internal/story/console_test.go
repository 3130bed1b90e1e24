package story

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// parrot is a machine that prints what the test gives it, and exits with the
// status in the first word.
type parrot struct {
	machine.Machine
	boots int
}

func (p *parrot) Exec(_ context.Context, c machine.Command) (int, error) {
	command := c.Args[len(c.Args)-1]
	_, words, _ := strings.Cut(command, "say ")
	status, text, _ := strings.Cut(words, " ")
	fmt.Fprintf(c.Stdout, "%s\n", text)
	fmt.Fprint(c.Stderr, "swapctl: in progress: step 1 of 2: something\nswapctl: done: something\n")
	return int(status[0] - '0'), nil
}

func (p *parrot) Reboot(context.Context) error           { p.boots++; return nil }
func (p *parrot) Settle(context.Context) (string, error) { return "running", nil }

const page = "# Title\n\n```console\n$ say 0 one\none\n$ sudo reboot\n$ say 3 Memory: 1 GiB, available 1 GiB. # exits 3\nMemory: 2 GiB, available 1 MiB.\n```\n\n$ no command\n"

// TestADocumentIsHeldAgainstAMachine: output that differs is reported, and
// written to the document; what differs in every run stays as it was.
func TestADocumentIsHeldAgainstAMachine(t *testing.T) {
	follow := func(text string) (*document, *parrot, error) {
		p := &parrot{}
		d := &document{underway: &underway{ctx: t.Context(), machine: &booted{Machine: p}}, log: io.Discard}
		return d, p, d.follow(text)
	}
	d, p, err := follow(page)
	if err != nil || len(d.wrong) > 0 || d.text.String() != page || d.ran != 3 || p.boots != 1 {
		t.Errorf("%v, %q, %d commands, %d boots:\n%s", err, d.wrong, d.ran, p.boots, d.text.String())
	}
	stale := strings.Replace(page, "\none\n", "\ntwo\nthree\n", 1)
	if d, _, err := follow(stale); err != nil || len(d.wrong) != 1 || d.text.String() != page {
		t.Errorf("%v, %q:\n%s", err, d.wrong, d.text.String())
	}
	lost := strings.Replace(page, "\none\n", "\n", 1)
	if d, _, err := follow(lost); err != nil || len(d.wrong) != 1 || d.text.String() != page {
		t.Errorf("%v, %q:\n%s", err, d.wrong, d.text.String())
	}
	for name, bad := range map[string]string{
		"exit status 3, not 0":            strings.Replace(page, " # exits 3", "", 1),
		"exit status 0, not 1":            strings.Replace(page, "0 one", "0 one # exits 1", 1),
		"a block of console does not end": "```console\n$ say 0 x\nx\n",
	} {
		if _, _, err := follow(bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, have %v", name, err)
		}
	}
}

// TestWhatTwoRunsDoNotShareIsMasked: what differs in every run is masked, and
// nothing else.
func TestWhatTwoRunsDoNotShareIsMasked(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"Memory: 994.2 MiB, available 939.6 MiB.\n", "Memory: 994.1 MiB, available 1 GiB.\n", true},
		{"Memory: 994.2 MiB, available 939.6 MiB.\nSwap: 1 GiB.\n", "Memory: 1 GiB, available 2 GiB.\nSwap: 2 GiB.\n", false},
		{"id 0b1c2d3e-0000-4000-8000-0123456789ab", "id ffffffff-0000-4000-8000-0123456789ab", true},
		{"since 2026-01-02 03:04:05", "since 2027-11-12T13:14:15Z", true},
		{"Linux 6.1.0-50-cloud-amd64", "Linux 6.12.48+deb13", true},
		{"Kubelet v1.34.1", "Kubelet v1.33.1", false},
		{"swap file, 128 MiB (134217728 bytes)", "swap file, 256 MiB (268435456 bytes)", false},
		{"changed", "done", false},
	} {
		if same := masked(test.a) == masked(test.b); same != test.same {
			t.Errorf("%q and %q are the same: %v\n%q\n%q", test.a, test.b, same, masked(test.a), masked(test.b))
		}
	}
}
