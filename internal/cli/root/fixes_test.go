package root_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// TestFixesWhatIsNoError holds the situations that look bad and are none:
// setup makes the node what it should be, teardown gives back what was there.
func TestFixesWhatIsNoError(t *testing.T) {
	const encrypted, plain = "--size 8Mi", "--size 8Mi --encrypt=false"
	const path = setup.DefaultPath
	for name, s := range map[string]struct {
		flags string
		bad   shape
		again bool // run setup once more before teardown
	}{
		"backing file deleted under the mapping, setup":    {encrypted, func(n *hosttest.Node) { n.DeleteBacking(path) }, true},
		"backing file deleted under the mapping, teardown": {encrypted, func(n *hosttest.Node) { n.DeleteBacking(path) }, false},
		"no node in /dev/mapper, setup":                    {encrypted, func(n *hosttest.Node) { n.LoseNode("cryptswap") }, true},
		"no node in /dev/mapper, teardown":                 {encrypted, func(n *hosttest.Node) { n.LoseNode("cryptswap") }, false},
		"late node in /dev/mapper, setup":                  {encrypted, func(n *hosttest.Node) { swapOff("/dev/dm-0")(n); n.LateNode("cryptswap", 30) }, true},
		"late node in /dev/mapper, teardown":               {encrypted, func(n *hosttest.Node) { n.LateNode("cryptswap", 30) }, false},
		"swap turned off by hand, setup":                   {plain, swapOff(path), true},
		"swap turned off by hand, teardown":                {plain, swapOff(path), false},
		"mapping closed by hand, setup":                    {encrypted, closed, true},
		"mapping closed by hand, teardown":                 {encrypted, closed, false},
		"rebooted, setup":                                  {encrypted, (*hosttest.Node).Reboot, true},
		"rebooted, teardown":                               {encrypted, (*hosttest.Node).Reboot, false},
		"short file after a reboot":                        {plain, func(n *hosttest.Node) { n.Reboot(); truncated(path, 4096)(n) }, true},
		"file removed by hand":                             {plain, func(n *hosttest.Node) { swapOff(path)(n); removed(path)(n) }, true},
		"mode of the file loosened":                        {plain, chmod(path, 0o644), true},
		"kernel without a keyring":                         {encrypted, (*hosttest.Node).NoKeyring, true},
		"lock file of a killed run":                        {plain, file("/run/swapctl.lock", "", 0o600), true},
	} {
		t.Run(name, func(t *testing.T) {
			n := hosttest.New(t)
			fresh := n.Snapshot()
			must(n, "setup "+s.flags)
			s.bad(n)
			if s.again {
				must(n, "setup "+s.flags)
				var out, errs bytes.Buffer
				if code := root.Run(n.Host(), []string{"setup", "--size", "8Mi", "--dry-run", "--exit-code", "--encrypt=" + yesIf(s.flags == encrypted)}, cli.Process{
					Out: &out, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false },
				}); code != 0 {
					t.Errorf("there is still something to do (exit code %d):\n%s%s", code, out.String(), errs.String())
				}
			}
			must(n, "teardown")
			if diff := fresh.Diff(n.Snapshot()); diff != "" {
				t.Errorf("after the teardown:\n%s", diff)
			}
			n.CheckInvariants(t)
		})
	}
}

func yesIf(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// swapOff turns an area off by somebody else's hand.
func swapOff(path string) shape {
	return func(n *hosttest.Node) { mustDo(n.Other().Kernel.SwapOff(context.Background(), path)) }
}

// closed closes our mapping by somebody else's hand.
func closed(n *hosttest.Node) {
	swapOff("/dev/dm-0")(n)
	mustDo(n.Other().Kernel.DMRemove("cryptswap"))
}
