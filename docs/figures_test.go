package docs_test

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestFiguresAreTrue draws the figures of docs/pictures that explain how swap works
// on a node, from what swapctl does on a fake node; -update writes them.
func TestFiguresAreTrue(t *testing.T) {
	for _, f := range []struct {
		file, page string
		draw       func(*testing.T) *figure
	}{
		{"stack.svg", "how-it-works.md", stackFigure},
		{"page.svg", "security.md", pageFigure},
		{"boot.svg", "boot.md", bootFigure},
		{"shares.svg", "plan.md", sharesFigure},
	} {
		t.Run(f.file, func(t *testing.T) {
			goldentest.Compare(t, "pictures/"+f.file, f.draw(t).svg())
			if !strings.Contains(goldentest.Read(t, f.page), "](pictures/"+f.file+")") {
				t.Errorf("docs/%s does not show it", f.page)
			}
		})
	}
}

// Sizes of figures, in pixels.
const (
	figureLine = 19  // the height of a line of text
	figureChar = 7.9 // the width of a character; the font is monospace, 13 px
	figurePad  = 10  // between the text of a box and its edge
)

// figure is a picture of boxes, arrows and text. Its colours follow the theme of
// whoever looks at it, and it has a background of its own, so that it is readable on
// any page.
type figure struct {
	t             *testing.T
	about         string // read to people who cannot see the picture
	width, height int
	body          strings.Builder
}

// box draws a box with lines of text in its middle. kind is a class of figureStyle.
func (f *figure) box(kind string, x, y, width, height int, lines ...string) {
	f.t.Helper()
	f.inside(x, y, width, height)
	fmt.Fprintf(&f.body, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", kind, x, y, width, height)
	top := y + (height-len(lines)*figureLine)/2
	for i, line := range lines {
		if need := textWidth(line) + 2*figurePad; need > width {
			f.t.Errorf("%q needs %d pixels, its box has %d", line, need, width)
		}
		f.write("middle", x+width/2, top+i*figureLine+14, line)
	}
}

// text draws lines of text without a box, from x to the right.
func (f *figure) text(x, y int, lines ...string) {
	f.t.Helper()
	for i, line := range lines {
		f.inside(x, y+i*figureLine-14, textWidth(line), figureLine)
		f.write("start", x, y+i*figureLine, line)
	}
}

// note draws a line of faint text, from x to the right.
func (f *figure) note(x, y int, line string) {
	f.t.Helper()
	f.inside(x, y-14, textWidth(line), figureLine)
	fmt.Fprintf(&f.body, "<text class=\"note\" x=\"%d\" y=\"%d\">%s</text>\n", x, y, html.EscapeString(line))
}

func (f *figure) write(anchor string, x, y int, line string) {
	fmt.Fprintf(&f.body, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, html.EscapeString(line))
}

// arrow draws a line with a head at its end.
func (f *figure) arrow(x1, y1, x2, y2 int) {
	f.t.Helper()
	f.inside(min(x1, x2), min(y1, y2), max(x1, x2)-min(x1, x2), max(y1, y2)-min(y1, y2))
	fmt.Fprintf(&f.body, "<path class=\"arrow\" d=\"M%d %dL%d %d\" marker-end=\"url(#head)\"/>\n", x1, y1, x2, y2)
}

// divide draws a dashed line over the whole width.
func (f *figure) divide(y int) {
	fmt.Fprintf(&f.body, "<path class=\"divide\" d=\"M0 %dH%d\"/>\n", y, f.width)
}

// inside fails the test if something would lie outside of the picture.
func (f *figure) inside(x, y, width, height int) {
	f.t.Helper()
	if x < 0 || y < 0 || x+width > f.width || y+height > f.height {
		f.t.Errorf("%d,%d +%d,%d is outside of a picture of %d by %d", x, y, width, height, f.width, f.height)
	}
}

func textWidth(line string) int { return int(float64(utf8.RuneCountInString(line))*figureChar) + 1 }

func (f *figure) svg() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img" aria-label="%[3]s">
%[4]s<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><polygon class="head" points="0,1 8,4 0,7"/></marker></defs>
<rect class="page" width="100%%" height="100%%" rx="8"/>
%[5]s</svg>
`, f.width, f.height, html.EscapeString(f.about), figureStyle, f.body.String())
}

// figureStyle has the colours for both themes: clear is what anybody can read,
// secret is ciphertext, swap is the swap of a node.
const figureStyle = `<style>
text { font: 13px ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #14243c; stroke: none; white-space: pre }
.page { fill: #ffffff } .plain { fill: #eef3fa; stroke: #33507a } .clear { fill: #fdf0e3; stroke: #b5651d } .secret { fill: #e4f4e4; stroke: #2e7d32 }
.swap { fill: #dcebff; stroke: #1f6feb } .none { fill: none; stroke: #8a97a8; stroke-dasharray: 4 3 }
.arrow { stroke: #5a6a80; stroke-width: 1.4; fill: none } .head { fill: #5a6a80 } .divide { stroke: #8a97a8; stroke-dasharray: 6 5 } .note { fill: #5a6a80 }
@media (prefers-color-scheme: dark) {
text { fill: #d8dee9 } .page { fill: #1f2430 } .plain { fill: #2a3244; stroke: #7d93b8 } .clear { fill: #46331f; stroke: #e0a064 } .secret { fill: #22402a; stroke: #7fc98a }
.swap { fill: #1f3558; stroke: #6ea8fe } .none { stroke: #77839a } .arrow { stroke: #9aa7bd } .head { fill: #9aa7bd } .divide { stroke: #77839a } .note { fill: #9aa7bd }
}
</style>
`

// stackFigure shows what encrypted swap on a file and on a device stand on, as
// status tells it.
func stackFigure(t *testing.T) *figure {
	f := &figure{t: t, about: "What a swap area is made of: swap on a dm-crypt mapping, which is on a partition, or on a loop device on a swap file", width: 700, height: 420}
	f.text(20, 30, "setup --size 4Gi")
	f.text(360, 30, "setup --device /dev/disk/by-id/…")
	f.column(20, stackOf(t, "setup --size 64Mi"))
	f.column(360, stackOf(t, "setup --device /dev/disk/by-id/virtio-vdb"))
	f.box("clear", 360, 300, 28, 28)
	f.text(398, 319, "in the memory of the node")
	f.box("secret", 360, 340, 28, 28)
	f.text(398, 359, "only ciphertext")
	return f
}

// column draws what an area stands on, from top to bottom.
func (f *figure) column(x int, layers []string) {
	f.t.Helper()
	const width, height, gap = 320, 44, 18
	y := 46
	secret := false
	for i, layer := range layers {
		kind, note := "clear", ""
		switch word, _, _ := strings.Cut(layer, " "); word {
		case "swap":
			note = "the kernel swaps pages to it"
		case "crypt":
			note, secret = "dm-crypt, a new key at each boot", true
		case "loop":
			kind, note = "secret", "direct I/O: no page is cached twice"
		case "file":
			kind, note = "secret", "0600, root, no holes"
		case "disk", "partition":
			kind, note = "secret", "nobody can read what was swapped out"
		default:
			f.t.Errorf("%s: not known here", layer)
		}
		if kind == "secret" && !secret {
			f.t.Errorf("%s stands on nothing that encrypts", layer)
		}
		f.box(kind, x, y, width, height, layer, note)
		y += height
		if i < len(layers)-1 {
			f.arrow(x+width/2, y, x+width/2, y+gap)
			y += gap
		}
	}
}

// stackOf lists what the area stands on that a command makes.
func stackOf(t *testing.T, command string) []string {
	t.Helper()
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	if _, errs, code := clitest.Run(n, strings.Fields(command)...); code != fail.OK {
		t.Fatalf("%s: exit code %d\n%s", command, code, errs)
	}
	var status struct{ Areas []struct{ Backing []string } }
	out, errs, code := clitest.Run(n, "status", "-o", "json")
	if err := json.Unmarshal([]byte(out), &status); err != nil || code != fail.OK || len(status.Areas) != 1 {
		t.Fatalf("status: exit code %d, %v\n%s%s", code, err, out, errs)
	}
	return append([]string{"swap area"}, status.Areas[0].Backing...)
}

// pageFigure shows where a page goes that is swapped out, and how it comes back.
func pageFigure(t *testing.T) *figure {
	f := &figure{t: t, about: "Where a page goes that is swapped out: from the container through its swap limit and dm-crypt to the disk, which only gets ciphertext, and back at a page fault", width: 860, height: 432}
	f.box("clear", 20, 20, 330, 56, "a page of a container's memory", "heap, stack: not of a file")
	f.text(200, 100, "the node, or the container, is short of memory")
	f.arrow(185, 76, 185, 114)
	f.box("plain", 20, 116, 330, 56, "kernel: is the container below", "its memory.swap.max?")
	f.arrow(350, 144, 466, 144)
	f.note(390, 136, "no")
	f.box("none", 470, 116, 370, 56, "the page stays in memory; if nothing else", "can be freed: OOM kill in the container")
	f.arrow(185, 172, 185, 210)
	f.note(200, 196, "yes")
	f.box("plain", 20, 212, 330, 56, "dm-crypt encrypts it", "the key is only in the kernel")
	f.divide(292)
	f.note(470, 284, "in memory")
	f.note(470, 310, "on the disk: ciphertext")
	f.arrow(120, 268, 120, 336)
	f.arrow(250, 338, 250, 270)
	f.text(470, 212, "the container uses the page again:", "page fault, read, decrypted, back in memory")
	f.box("secret", 20, 340, 330, 56, "swap file or device", "unreadable once the power is off")
	f.text(470, 356, "never swapped: files (they have their own", "place on a disk), and memory-backed volumes", "where the kernel has tmpfs noswap")
	return f
}

// bootFigure shows what comes after what at a boot and at a shutdown.
func bootFigure(t *testing.T) *figure {
	n := hosttest.New(t, (*hosttest.Node).Systemd)
	if _, errs, code := clitest.Run(n, strings.Fields(clitest.HowSetup)...); code != fail.OK {
		t.Fatal(errs)
	}
	unit, err := n.Host().Files.ReadFile("/etc/systemd/system/swapctl.service", 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	var before []string
	for line := range strings.Lines(string(unit)) {
		if units, ok := strings.CutPrefix(line, "Before="); ok {
			before = append(before, strings.Fields(units)...)
		}
	}
	f := &figure{t: t, about: "The order at boot: file systems, swapctl.service, container runtime, kubelet, pods; and the reverse at shutdown", width: 980, height: 330}
	row := func(y int, title string, boxes ...[]string) {
		f.text(20, y, title)
		for i, lines := range boxes {
			kind := "plain"
			if lines[0] == "swapctl.service" || lines[0] == "swap off" {
				kind = "swap"
			}
			f.box(kind, 20+i*192, y+14, 172, 82, lines...)
			if i > 0 {
				f.arrow(i*192, y+55, 20+i*192-2, y+55)
			}
		}
	}
	for _, unit := range []string{"containerd.service", "kubelet.service"} {
		if !slices.Contains(before, unit) {
			t.Errorf("the unit does not come before %s", unit)
		}
	}
	row(30, "boot", []string{"file systems", "are mounted"}, []string{"swapctl.service", "loop, new key,", "mapping, header,", "swap on"},
		[]string{"containerd,", "CRI-O"}, []string{"kubelet", "reads the capacity", "of swap"}, []string{"pods"})
	f.note(212, 158, "waits 15 s for a late disk; if it fails, the kubelet starts all the same, without swap")
	row(200, "shutdown", []string{"pods, kubelet,", "containerd", "stop"}, []string{"swap off", "nothing of pods", "is left in it"}, []string{"file systems", "are unmounted"}, []string{"power off", "the key is gone"})
	return f
}

// sharesFigure shows how LimitedSwap divides the swap of the example node among the
// example pods, as plan says.
func sharesFigure(t *testing.T) *figure {
	out, errs, code := clitest.Run(clitest.ExampleNode(t), "plan", "--pods", "examples/pods.yaml", "--node", "examples/node.yaml", "-o", "json")
	var plan struct {
		Nodes []struct {
			MemoryBytes, SwapBytes int64
		}
		Containers []struct {
			Pod, Container, Reason             string
			MemoryRequestBytes, SwapLimitBytes int64
		}
	}
	if err := json.Unmarshal([]byte(out), &plan); err != nil || code != fail.OK {
		t.Fatalf("exit code %d, %v\n%s", code, err, errs)
	}
	const left, width = 20, 800
	node := plan.Nodes[0]
	f := &figure{t: t, about: "How LimitedSwap divides swap: a container's part of the swap is its memory request divided by the node's memory", width: 840, height: 400}
	f.text(left, 34, "the node's memory, "+bytesize.Format(node.MemoryBytes))
	f.box("none", left, 44, width, 44)
	f.text(left+60, 214, "the node's swap, "+bytesize.Format(node.SwapBytes))
	f.box("none", left, 224, width, 44)
	x, line := left, 0
	for _, c := range plan.Containers {
		if c.MemoryRequestBytes == 0 {
			continue
		}
		part := max(3, int(c.MemoryRequestBytes*width/node.MemoryBytes))
		kind := "clear"
		if c.SwapLimitBytes > 0 {
			kind = "swap"
			swap := int(c.SwapLimitBytes * width / node.SwapBytes)
			if swap != part {
				t.Errorf("%s: %d of the swap, %d of the memory", c.Container, swap, part)
			}
			f.box(kind, x, 224, swap, 44)
			f.arrow(x+part/2, 88, x+part/2, 222)
			f.text(left, 290, fmt.Sprintf("%s may swap %s: %s of %s memory is 1/%d, and so is %s of %s swap", c.Container, bytesize.Format(c.SwapLimitBytes),
				bytesize.Format(c.MemoryRequestBytes), bytesize.Format(node.MemoryBytes), node.MemoryBytes/c.MemoryRequestBytes,
				bytesize.Format(c.SwapLimitBytes), bytesize.Format(node.SwapBytes)))
		} else {
			f.text(left+240, 112+line*figureLine, fmt.Sprintf("%s, %s: no swap (%s)", c.Container, bytesize.Format(c.MemoryRequestBytes), c.Reason))
			line++
		}
		f.box(kind, x, 44, part, 44)
		x += part
	}
	f.text(left, 324, "Nobody may use the rest of the swap, also when the node is short of memory:", "it becomes usable with more, or larger, memory requests below their limits.")
	f.note(left, 376, "swap = memory request / memory of the node × swap of the node")
	return f
}
