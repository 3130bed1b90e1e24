package status_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
	"github.com/swapctl/swapctl/internal/status"
)

// counted counts looks at files.
type counted struct {
	host.Files
	looks int
}

func (c *counted) ReadFile(n string, m int64) ([]byte, error) {
	c.looks++
	return c.Files.ReadFile(n, m)
}
func (c *counted) ReadDir(n string) ([]string, error)    { c.looks++; return c.Files.ReadDir(n) }
func (c *counted) Readlink(n string) (string, error)     { c.looks++; return c.Files.Readlink(n) }
func (c *counted) EvalSymlinks(n string) (string, error) { c.looks++; return c.Files.EvalSymlinks(n) }
func (c *counted) Stat(n string) (host.Stat, error)      { c.looks++; return c.Files.Stat(n) }
func (c *counted) Lstat(n string) (host.Stat, error)     { c.looks++; return c.Files.Lstat(n) }

// TestLooksOnlyAtWhatAreasStandOn: a thousand other block devices cost nothing.
func TestLooksOnlyAtWhatAreasStandOn(t *testing.T) {
	few, many := looks(t, ""), looks(t, disks(1000))
	if few != many {
		t.Errorf("%d looks at files, with a thousand more devices %d", few, many)
	}
	// A dozen for the machine, a dozen for each layer.
	if few > 60 {
		t.Errorf("%d looks at files for one area", few)
	}
}

func looks(t *testing.T, more string) int {
	t.Helper()
	h := kerneltest.Machine(t, "debian12-crypt-file", more)
	files := &counted{Files: h.Files}
	h.Files = files
	read(t, h, journals["debian12-crypt-file"])
	return files.looks
}

func disks(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "-- sys/devices/virtual/block/dm-%d/dev --\n250:%d\n", i+10, i+10)
		fmt.Fprintf(&b, "-- sys/devices/virtual/block/dm-%d/dm/name --\nother%d\n", i+10, i)
	}
	return b.String()
}

// BenchmarkRead reads the machine it runs on.
func BenchmarkRead(b *testing.B) {
	h := host.Linux()
	for b.Loop() {
		if _, err := status.Read(context.Background(), h, status.Journal{}); err != nil {
			b.Fatal(err)
		}
	}
}
