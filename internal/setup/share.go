package setup

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/step"
)

// shareTolerance is the part of an area's size, one in so many, by which a share
// of the memory may differ before the area does. Another kernel takes some MiB
// more or less for itself, which is no reason to write gigabytes anew.
const shareTolerance = 100

// isShare reports whether a size is a share of the memory.
func isShare(size string) bool { return strings.HasSuffix(strings.TrimSpace(size), "%") }

// keepShares gives each area of which a share of the memory was asked the size
// that it has, where that is all but the same.
func (n *node) keepShares(asked Config, j step.Journal) {
	for i, one := range asked.each() {
		a := &n.areas[i]
		var was fileWant
		r := j.Record("swap.file" + a.suffix)
		if !isShare(one.Size) || !r.Ours() || json.Unmarshal(r.Want, &was) != nil || was.Path != a.config.Path {
			continue
		}
		if difference := a.sizeBytes - was.SizeBytes; max(difference, -difference) > was.SizeBytes/shareTolerance {
			continue
		}
		a.sizeBytes = was.SizeBytes
		a.config.Size = strconv.FormatInt(a.sizeBytes, 10)
		n.config.area(i).Size = a.config.Size
	}
}
