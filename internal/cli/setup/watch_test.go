package setup

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/step"
)

// TestALogHearsOfALongStep: which it is, of how many, and how far.
func TestALogHearsOfALongStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		a := &cli.App{Process: cli.Process{Err: &log, LookupEnv: func(name string) (string, bool) { return "xterm", name == "TERM" }}}
		w := watch(a)
		e := step.Event{Kind: step.Begin, Info: step.Info{Title: "swap file /swapfile, 4 GiB"}, Step: 2, Steps: 5}
		w.event(e)
		e.Kind, e.TotalBytes = step.Progressing, 4<<30
		for range 15 {
			e.DoneBytes += 128 << 20
			w.event(e)
			time.Sleep(time.Second)
		}
		e.Kind = step.Finished
		w.event(e)
		w.event(step.Event{Kind: step.Restarting, Info: step.Info{Title: "kubelet.service"}})
		time.Sleep(15 * time.Second)
		w.end()
		want := regexp.MustCompile(`^swapctl: in progress: step 2 of 5: swap file /swapfile, 4 GiB: \d+%, 1\.\d GiB of 4 GiB, \d+ MiB/s, \d+s left
swapctl: done: swap file /swapfile, 4 GiB
swapctl: in progress: restarting: kubelet.service
$`)
		if !want.MatchString(log.String()) {
			t.Errorf("it hears\n%s", log.String())
		}
	})
}
