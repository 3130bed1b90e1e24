package report

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/report/reporttest"
)

// shown makes a Progress on a terminal and has a test use it, in a time that passes
// only when everybody waits for it. It returns what was written.
func shown(t *testing.T, tty *reporttest.Terminal, env func(string) string, use func(*Printer, *Progress)) string {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		p := New(tty.File, Options{Env: env})
		use(p, NewProgress(p))
	})
	return tty.Close()
}

// pass is long enough for the line to be drawn once.
func pass() { time.Sleep(redrawEvery + redrawEvery/2) }

// frames are the lines that were drawn on a terminal one after the other, without
// colours.
func frames(text string) []string {
	bare := regexp.MustCompile("\x1b\\[[0-9]*[mK]").ReplaceAllString(text, "")
	return strings.Split(strings.Trim(bare, "\r"), "\r")
}

func TestProgressIsOneLineThatGoesAway(t *testing.T) {
	text := shown(t, reporttest.Open(t, 100), xterm, func(_ *Printer, line *Progress) {
		line.Clear() // there is none yet
		for i := range int64(5) {
			line.Show("step 1 of 2: file\x1b[2J", i<<30, 4<<30)
			pass()
		}
		line.Show("no size", 0, 0)
		pass()
		line.Clear()
		line.Clear()
	})
	if !strings.HasSuffix(text, "\r\x1b[K") || strings.HasSuffix(text, "\r\x1b[K\r\x1b[K") {
		t.Errorf("the line is left behind, or taken away twice: %q", text)
	}
	all := strings.Join(frames(text), "\n")
	for _, want := range []string{
		"░░░░░░░░░░   0%  0 bytes of 4 GiB  step 1 of 2: file?[2J",
		"█████░░░░░  50%  2 GiB of 4 GiB  ", " MiB/s  ", "s left  step 1 of 2: file?[2J",
		"██████████ 100%  4 GiB of 4 GiB  ", "\nno size",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
}

// TestRateAndRemainingTimeAreRight also for a disk that writes 4 GiB in a second.
func TestRateAndRemainingTimeAreRight(t *testing.T) {
	for perSecond, want := range map[int64]string{4 << 30: "4096 MiB/s, 30s left", 20 << 20: "20 MiB/s, 30s left"} {
		var out bytes.Buffer
		synctest.Test(t, func(*testing.T) {
			line := NewProgress(New(&out, Options{Env: noEnv}))
			line.Show("file", 0, 40*perSecond)
			time.Sleep(tellEvery - time.Nanosecond)
			line.Show("file", 10*perSecond, 40*perSecond)
			time.Sleep(time.Second)
			line.Clear()
		})
		if !strings.HasSuffix(out.String(), want+"\n") {
			t.Errorf("%q, want %q at its end", out.String(), want)
		}
	}
}

// TestAProgressLineLeavesNoTrace, whatever the terminal can and however wide it is.
func TestAProgressLineLeavesNoTrace(t *testing.T) {
	noColor := func(k string) string { return map[string]string{"TERM": "xterm", "NO_COLOR": "1"}[k] }
	for _, env := range []func(string) string{xterm, noColor} {
		for _, columns := range []int{0, 1, 2, 3, 10, 20, 40, 80, 200} {
			text := shown(t, reporttest.Open(t, columns), env, func(p *Printer, line *Progress) {
				_ = p.Line("a")
				line.Show("a long title of something", 1<<30, 4<<30)
				pass()
				line.Show("short", 0, 0)
				pass()
				line.Show("größer 漢字", 3<<30, 4<<30)
				pass()
				line.Clear()
				_ = p.Line("b")
			})
			if columns == 0 {
				columns = 80 // what a terminal has that does not say
			}
			if diff := cmp.Diff([]string{"a", "b", ""}, reporttest.Screen(text, columns)); diff != "" {
				t.Errorf("%d columns: the screen is not clean (-want +got):\n%s\n%q", columns, diff, text)
			}
			if columns > 20 && !strings.Contains(text, "short") {
				t.Errorf("%d columns: nothing was drawn: %q", columns, text)
			}
			if env("NO_COLOR") != "" && strings.Contains(text, "\x1b") {
				t.Errorf("%d columns: an escape sequence: %q", columns, text)
			}
		}
	}
}

// TestAProgressLineFollowsTheWindow: in a window that was made narrower it is cut,
// because a line that wraps cannot be taken back.
func TestAProgressLineFollowsTheWindow(t *testing.T) {
	tty := reporttest.Open(t, 80)
	text := shown(t, tty, xterm, func(_ *Printer, line *Progress) {
		line.Show("something with a title that is long enough", 1<<30, 2<<30)
		pass()
		tty.Resize(30)
		pass()
		line.Clear()
	})
	for i, drawn := range frames(text) {
		if columns := lipgloss.Width(drawn); columns != 79 && columns != 29 || columns == 29 && strings.ContainsAny(drawn, "█░") || i == 0 && columns == 29 {
			t.Errorf("drawn %q", drawn)
		}
	}
}

// TestOffATerminalALineTellsEveryTenSeconds: a log is not flooded, and not silent. A
// dumb terminal cannot take a line back either.
func TestOffATerminalALineTellsEveryTenSeconds(t *testing.T) {
	var out bytes.Buffer
	use := func(line *Progress) {
		line.Show("step 1 of 2: short", 0, 0)
		time.Sleep(tellEvery - time.Second)
		for i := range int64(25) { // seconds
			line.Show("step 2 of 2: "+strings.Repeat("long/", 30), i<<30, 100<<30)
			time.Sleep(time.Second)
		}
		line.Clear()
		time.Sleep(2 * tellEvery)
	}
	synctest.Test(t, func(*testing.T) { use(NewProgress(New(&out, Options{Env: xterm}))) })
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	want := regexp.MustCompile(`^swapctl: in progress: step 2 of 2: (long/){30}: +[0-9]+%, [0-9]+ GiB of 100 GiB, [0-9]+ MiB/s, (1m)?[0-9]+s left$`)
	if len(lines) != 2 || !want.MatchString(lines[0]) || !want.MatchString(lines[1]) {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
	dumb := shown(t, reporttest.Open(t, 80), func(string) string { return "dumb" }, func(_ *Printer, line *Progress) { use(line) })
	if strings.ContainsAny(dumb, "\r\x1b") || strings.Count(dumb, "\n") != 2 {
		t.Errorf("a dumb terminal: %q", dumb)
	}
}
