package status_test

import (
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/status"
)

// TestReadsThisMachine: whatever it is, root or not.
func TestReadsThisMachine(t *testing.T) {
	h := host.Linux()
	if _, err := h.Files.ReadFile("/proc/swaps", host.TableLimit); err != nil {
		t.Skipf("no /proc/swaps here: %v", err)
	}
	doc := read(t, h, status.Journal{})
	if doc.Memory.TotalBytes <= doc.Memory.AvailableBytes || doc.Memory.SwapFreeBytes > doc.Memory.SwapTotalBytes {
		t.Errorf("memory %+v", doc.Memory)
	}
	for _, a := range doc.Areas {
		if a.SizeBytes <= 0 || len(a.Backing) == 0 {
			t.Errorf("area %+v", a)
		}
	}
	t.Logf("%+v", doc)
}
