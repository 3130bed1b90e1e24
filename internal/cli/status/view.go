package status

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/report"
	"github.com/swapctl/swapctl/internal/status"
)

// statusView prints a SwapStatus.
type statusView status.Document

func (v statusView) draw(p *report.Printer, wide bool) error {
	if err := v.drawAreas(p, wide); err != nil {
		return err
	}
	lines := v.summary(wide)
	for _, note := range v.Notes {
		lines = append(lines, report.Paint(report.Notice, "note: ")+report.Printable(note))
	}
	return p.Text(strings.Join(lines, "\n"))
}

func (v statusView) drawAreas(p *report.Printer, wide bool) error {
	if len(v.Areas) == 0 {
		return p.Line("No swap is on.")
	}
	g := report.Grid{Head: []report.Column{
		{Title: "KIND"}, {Title: "AREA"}, {Title: "SIZE", Right: true}, {Title: "USED", Right: true},
		{Title: "PRIO", Right: true, Spare: 1}, {Title: "ENCRYPTED"}, {Title: "MANAGED", Spare: 2}, {Title: "ON", Wrap: true},
	}}
	if !wide {
		g.Head = g.Head[1:]
	}
	for _, a := range v.Areas {
		row := report.Text(name(a), size(a.SizeBytes, wide), size(a.UsedBytes, wide), strconv.Itoa(a.Priority))
		row = append(row, encryption(a, wide), report.Cell{Text: yesNo(a.Managed)},
			report.Cell{Text: strings.Join(below(a), " on ")})
		if wide {
			row = append(report.Text(a.Kind), row...)
		}
		g.Rows = append(g.Rows, row)
	}
	return p.Grid(g)
}

// name is the usual name of the area: /proc/swaps lists mappings as /dev/dm-0.
func name(a status.Area) string {
	if a.Mapping != "" {
		return "/dev/mapper/" + a.Mapping
	}
	return a.Path
}

// below lists what is below the area, without the area itself.
func below(a status.Area) []string {
	if len(a.Backing) > 0 {
		return a.Backing[1:]
	}
	return nil
}

func encryption(a status.Area, wide bool) report.Cell {
	switch {
	case !a.Encrypted:
		return report.Cell{Text: "no", Mood: report.Notice}
	case a.Cipher == "":
		return report.Cell{Text: "yes", Mood: report.Good}
	case wide && a.KeySizeBits > 0:
		return report.Cell{Text: fmt.Sprintf("%s, %d-bit key", a.Cipher, a.KeySizeBits), Mood: report.Good}
	}
	return report.Cell{Text: a.Cipher, Mood: report.Good}
}

// summary is the text below the areas.
func (v statusView) summary(wide bool) []string {
	m := v.Memory
	lines := []string{
		fmt.Sprintf("Memory: %s, available %s.", size(m.TotalBytes, wide), size(m.AvailableBytes, wide)),
	}
	if m.SwapTotalBytes > 0 {
		lines = append(lines, fmt.Sprintf("Swap: %s, free %s.", size(m.SwapTotalBytes, wide), size(m.SwapFreeBytes, wide)))
	}
	lines = append(lines, v.kubelet()...)
	if len(v.Journal.Pending) > 0 {
		command := "setup"
		if v.Journal.Goal == "down" {
			command = "teardown"
		}
		lines = append(lines, report.Paint(report.Notice, fmt.Sprintf(
			"Unfinished: %s. Run 'swapctl %s' to finish.", strings.Join(v.Journal.Pending, ", "), command)))
	}
	for _, unit := range v.Journal.Restarts {
		lines = append(lines, report.Paint(report.Notice, fmt.Sprintf(
			"Still to do: systemctl restart %s, which has not read what was changed.", unit)))
	}
	if wide {
		lines = append(lines, fmt.Sprintf("Cgroups: version %d. Kubelet found: %s. Last asked for: %s.",
			v.CgroupVersion, yesNo(&v.Kubelet.Found), v.Journal.Goal))
	}
	return lines
}

// kubelet says how the kubelet is configured for swap, and where.
func (v statusView) kubelet() []string {
	k := v.Kubelet
	if !k.Found || k.FailSwapOn == nil {
		return nil
	}
	name := "Kubelet"
	if k.Version != nil {
		name += " " + *k.Version
	}
	behavior := *k.SwapBehavior
	if behavior == "" {
		behavior = "not set"
	}
	text := fmt.Sprintf("%s: failSwapOn %v (%s), swapBehavior %s (%s).", name, *k.FailSwapOn, k.FailSwapOnFrom, behavior, k.SwapBehaviorFrom)
	if k.FailSwapOnFrom == k.SwapBehaviorFrom {
		text = fmt.Sprintf("%s: failSwapOn %v, swapBehavior %s (%s).", name, *k.FailSwapOn, behavior, k.FailSwapOnFrom)
	}
	if *k.FailSwapOn && len(v.Areas) > 0 {
		text = report.Paint(report.Notice, text+" It does not start while swap is on: 'swapctl setup' changes that.")
	}
	return []string{text}
}

// size formats a size, in a wide table in bytes.
func size(bytes int64, wide bool) string {
	if wide {
		return fmt.Sprintf("%s (%d)", bytesize.Format(bytes), bytes)
	}
	return bytesize.Format(bytes)
}

// yesNo formats a value, "-" if it is not known.
func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}
