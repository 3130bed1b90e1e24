package docs_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/goldentest"
)

// Sizes of the picture of the floors, in pixels.
const (
	floorsWidth, floorHeight = 880, 92
	boxWidth, boxHeight      = 116, 34
)

// TestTheDrawingOfTheFloorsIsTrue holds docs/pictures/floors.svg against the
// imports in the source; -update draws it.
func TestTheDrawingOfTheFloorsIsTrue(t *testing.T) {
	goldentest.Compare(t, "pictures/floors.svg", drawFloors(importsOf(t)))
	if page := goldentest.Read(t, "architecture.md"); !strings.Contains(page, "](pictures/floors.svg)") {
		t.Error("docs/architecture.md does not show it")
	}
}

// TestTheDrawingShowsEveryPackageAndImport: what is drawn is what is there, and
// lines only go down.
func TestTheDrawingShowsEveryPackageAndImport(t *testing.T) {
	text := drawFloors(map[string][]string{
		"cmd/swapctl": {"internal/a", "internal/b"}, "internal/a": {"internal/b"}, "internal/b": nil, "internal/c": nil,
	})
	for want, times := range map[string]int{">swapctl<": 1, ">a<": 1, ">b<": 1, ">c<": 1, "<path ": 2} {
		if have := strings.Count(text, want); have != times {
			t.Errorf("%s is there %d times, want %d:\n%s", want, have, times, text)
		}
	}
	for line := range strings.Lines(text) {
		var x1, from, bend, y, x2, y2, x3, to int
		if n, _ := fmt.Sscanf(line, `<path d="M%d %dC%d %d %d %d %d %d"/>`, &x1, &from, &bend, &y, &x2, &y2, &x3, &to); n == 8 && to <= from {
			t.Errorf("it goes up: %s", line)
		}
	}
}

// drawFloors draws each package in a box on its floor, and a line to each that
// it imports, but for those that it reaches through another one anyway.
func drawFloors(imports map[string][]string) string {
	depth, direct := stand(imports)
	rows := make([][]string, slices.Max(depths(depth))+1)
	for name, d := range depth {
		rows[d] = append(rows[d], name)
	}
	type point struct{ x, y int }
	at := map[string]point{} // middle of the upper edge
	for d, row := range rows {
		slices.Sort(row)
		for i, name := range row {
			at[name] = point{floorsWidth * (2*i + 1) / (2 * len(row)), 16 + (len(rows)-1-d)*floorHeight}
		}
	}
	var lines, boxes strings.Builder
	for _, row := range slices.Backward(rows) {
		for _, name := range row {
			p := at[name]
			for _, below := range direct[name] {
				q, from := at[below], p.y+boxHeight
				fmt.Fprintf(&lines, "<path d=\"M%d %dC%d %d %d %d %d %d\"/>\n", p.x, from, p.x, from+40, q.x, q.y-40, q.x, q.y)
			}
			fmt.Fprintf(&boxes, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/><text x=\"%d\" y=\"%d\">%s</text>\n",
				p.x-boxWidth/2, p.y, boxWidth, boxHeight, p.x, p.y+22, path.Base(name))
		}
	}
	height := 32 + (len(rows)-1)*floorHeight + boxHeight
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img" aria-label="Which package of swapctl imports which">
<rect width="100%%" height="100%%" fill="#ffffff"/>
<g fill="none" stroke="#7a8aa0" stroke-width="1.3">
%[3]s</g>
<g fill="#eef3fa" stroke="#33507a" font-family="monospace" font-size="13" text-anchor="middle">
<style>text{fill:#14243c;stroke:none}</style>
%[4]s</g>
</svg>
`, floorsWidth, height, lines.String(), boxes.String())
}

func depths(of map[string]int) []int {
	var all []int
	for _, d := range of {
		all = append(all, d)
	}
	return all
}
