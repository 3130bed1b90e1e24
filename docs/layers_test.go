package docs_test

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/goldentest"
)

// Sizes of the picture of the layers, in pixels.
const (
	layerHeight         = 96
	boxWidth, boxHeight = 104, 32
	lineWidth           = 22 // what a line takes that passes between the boxes of a layer
	margin              = 16
)

// node is a box of the picture, or a point at which a line passes a layer.
type node struct {
	name         string // of a package; empty for a point
	layer        int    // 0 is the lowest
	x            int    // of its middle, from the left
	above, below []*node
}

func (n *node) width() int {
	if n.name == "" {
		return lineWidth
	}
	return boxWidth
}

// TestTheDrawingOfTheLayersIsTrue holds docs/pictures/layers.svg against the
// imports in the source; -update draws it.
func TestTheDrawingOfTheLayersIsTrue(t *testing.T) {
	goldentest.Compare(t, "pictures/layers.svg", drawLayers(importsOf(t)))
	if page := goldentest.Read(t, "architecture.md"); !strings.Contains(page, "](pictures/layers.svg)") {
		t.Error("docs/architecture.md does not show it")
	}
}

// TestTheDrawingShowsEveryPackageAndImport: every package has a box and every
// import an arrow with a head, and no arrow passes behind a box.
func TestTheDrawingShowsEveryPackageAndImport(t *testing.T) {
	text := drawLayers(map[string][]string{
		"cmd/swapctl": {"internal/a", "internal/c"}, "internal/a": {"internal/b"}, "internal/b": nil, "internal/c": nil,
	})
	for want, times := range map[string]int{">swapctl<": 1, ">a<": 1, ">b<": 1, ">c<": 1, "<path d=\"M": 3, `marker-end="url(#head)"`: 1} {
		if have := strings.Count(text, want); have != times {
			t.Errorf("%s is there %d times, want %d:\n%s", want, have, times, text)
		}
	}
	for _, layer := range layersOf(importsOf(t)) {
		for i := 1; i < len(layer); i++ {
			left, right := layer[i-1], layer[i]
			if left.x+left.width()/2 > right.x-right.width()/2 {
				t.Errorf("%q and %q, which has the next place, overlap", left.name, right.name)
			}
		}
		for _, n := range layer {
			for _, b := range n.below {
				if b.layer != n.layer-1 {
					t.Errorf("an arrow from %q leads past layer %d without a place in it", n.name, n.layer-1)
				}
			}
		}
	}
}

// layersOf gives each package a place in the layer above all that it imports, and
// each import a place in every layer that it passes. A package that is also
// reached through another import has no arrow of its own.
func layersOf(imports map[string][]string) [][]*node {
	depth, direct := layersAndImports(imports)
	boxes, layers := map[string]*node{}, make([][]*node, slices.Max(slices.Collect(maps.Values(depth)))+1)
	add := func(name string, layer int) *node {
		n := &node{name: name, layer: layer}
		layers[layer] = append(layers[layer], n)
		return n
	}
	names := slices.Sorted(maps.Keys(imports))
	for _, name := range names {
		boxes[name] = add(name, depth[name])
	}
	for _, name := range names {
		for _, to := range direct[name] {
			from := boxes[name]
			for layer := depth[name] - 1; layer >= depth[to]; layer-- {
				next := boxes[to]
				if layer > depth[to] {
					next = add("", layer)
				}
				from.below, next.above, from = append(from.below, next), append(next.above, from), next
			}
		}
	}
	arrange(layers)
	return layers
}

// arrange orders each layer by the middle of what its nodes are connected with, in
// the layer above and in the one below in turn, until few arrows cross.
func arrange(layers [][]*node) {
	width := widthOf(layers)
	for _, layer := range layers {
		spread(layer, width)
	}
	for range 12 {
		for _, layer := range slices.Backward(layers) {
			order(layer, width, func(n *node) []*node { return n.above })
		}
		for _, layer := range layers {
			order(layer, width, func(n *node) []*node { return n.below })
		}
	}
}

func order(layer []*node, width int, near func(*node) []*node) {
	middle := map[*node]int{}
	for _, n := range layer {
		middle[n] = n.x
		if all := near(n); len(all) > 0 {
			sum := 0
			for _, other := range all {
				sum += other.x
			}
			middle[n] = sum / len(all)
		}
	}
	slices.SortStableFunc(layer, func(a, b *node) int { return cmp.Compare(middle[a], middle[b]) })
	spread(layer, width)
}

// spread puts the nodes of a layer side by side, over the whole width.
func spread(layer []*node, width int) {
	gap := (width - widthOf([][]*node{layer})) / (len(layer) + 1)
	x := margin + gap
	for _, n := range layer {
		n.x = x + n.width()/2
		x += n.width() + margin + gap
	}
}

// widthOf is what the widest layer needs.
func widthOf(layers [][]*node) int {
	width := 0
	for _, layer := range layers {
		need := 2 * margin
		for _, n := range layer {
			need += n.width() + margin
		}
		width = max(width, need)
	}
	return width
}

// drawLayers draws a box for each package, and an arrow to each that it imports.
func drawLayers(imports map[string][]string) string {
	layers := layersOf(imports)
	top := func(layer int) int { return margin + (len(layers)-1-layer)*layerHeight }
	var arrows, boxes strings.Builder
	for _, layer := range slices.Backward(layers) {
		for _, n := range layer {
			if n.name == "" {
				continue
			}
			y := top(n.layer)
			fmt.Fprintf(&boxes, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/><text x=\"%d\" y=\"%d\">%s</text>\n",
				n.x-boxWidth/2, y, boxWidth, boxHeight, n.x, y+boxHeight/2+5, path.Base(n.name))
			for _, to := range n.below {
				fmt.Fprintf(&arrows, "<path d=\"M%d %d", n.x, y+boxHeight)
				for from := n; ; from, to = to, to.below[0] {
					end := top(to.layer)
					fmt.Fprintf(&arrows, "C%d %d %d %d %d %d", from.x, end-30, to.x, end-34, to.x, end-3)
					if to.name != "" {
						break
					}
					fmt.Fprintf(&arrows, "V%d", end+boxHeight)
				}
				arrows.WriteString("\"/>\n")
			}
		}
	}
	return fmt.Sprintf(layersPicture, widthOf(layers), top(0)+boxHeight+margin, arrows.String(), boxes.String())
}

const layersPicture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img" aria-label="Which package of swapctl imports which">
` + figureStyle + `<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><polygon class="head" points="0,1 8,4 0,7"/></marker></defs>
<rect class="page" width="100%%" height="100%%" rx="8"/>
<g class="arrow" marker-end="url(#head)">
%[3]s</g>
<g class="plain" text-anchor="middle">
%[4]s</g>
</svg>
`
