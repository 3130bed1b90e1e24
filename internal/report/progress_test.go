package report

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/report/reporttest"
)

// clock is a time that passes when it is looked at.
func clock() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(redrawEvery)
		return now
	}
}

// TestAProgressLineLeavesNoTrace, whatever the terminal can and however wide it is.
func TestAProgressLineLeavesNoTrace(t *testing.T) {
	noColor := func(k string) string { return map[string]string{"TERM": "xterm", "NO_COLOR": "1"}[k] }
	for _, env := range []func(string) string{xterm, noColor} {
		for _, columns := range []int{1, 2, 3, 10, 20, 40, 80, 200} {
			tty := reporttest.Open(t, columns)
			p := New(tty.File, Options{Env: env})
			line := NewProgress(p, clock())
			_ = p.Line("a")
			line.Show("a long title of something", 1<<30, 4<<30)
			line.Show("short", 0, 0)
			line.Show("größer 漢字", 3<<30, 4<<30)
			line.Clear()
			_ = p.Line("b")
			text := tty.Close()
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
	line := NewProgress(New(tty.File, Options{Env: xterm}), clock())
	line.Show("something with a title that is long enough", 1, 2)
	tty.Resize(30)
	line.Show("something with a title that is long enough", 1, 2)
	line.Clear()
	text := tty.Close()
	bare := regexp.MustCompile("\x1b\\[[0-9]*[mK]").ReplaceAllString(text, "")
	drawn := strings.Split(strings.Trim(bare, "\r"), "\r")
	if len(drawn) != 2 || lipgloss.Width(drawn[0]) < 60 || lipgloss.Width(drawn[1]) != 29 || strings.ContainsAny(drawn[1], "█░") {
		t.Errorf("drawn %q", drawn)
	}
}

// TestADumbTerminalIsNotRedrawn: it would show the line again and again.
func TestADumbTerminalIsNotRedrawn(t *testing.T) {
	tty := reporttest.Open(t, 80)
	line := NewProgress(New(tty.File, Options{Env: func(string) string { return "dumb" }}), clock())
	line.Show("title", 1, 2)
	line.Clear()
	if text := tty.Close(); text != "" {
		t.Errorf("wrote %q", text)
	}
}
