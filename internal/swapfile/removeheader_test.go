package swapfile_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/swapfile"
)

func TestRemovesItsOwnHeaderAndNothingElse(t *testing.T) {
	uuid, other := [16]byte{1, 2, 3}, [16]byte{9}
	var whole []byte
	for _, c := range []struct {
		name  string
		shape func(page []byte)
		gone  bool
	}{
		{"whole", func([]byte) {}, true},
		{"half written", func(p []byte) { clear(p[2048:]) }, true},
		{"half removed", func(p []byte) { clear(p[:2048]) }, true},
		{"another UUID", func(p []byte) { copy(p[1036:], other[:]) }, false},
		{"data behind zeros", func(p []byte) { clear(p); p[3000] = 1 }, false},
		{"data", func(p []byte) { copy(p, bytes.Repeat([]byte("data"), 1024)) }, false},
		{"nothing", func(p []byte) { clear(p) }, true},
	} {
		n := hosttest.New(t)
		h := n.Host()
		if err := swapfile.WriteHeader(context.Background(), h, "/dev/vdb", uuid); err != nil {
			t.Fatal(err)
		}
		whole = make([]byte, 4096)
		f, err := h.Files.Open("/dev/vdb", os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.ReadAt(whole, 0); err != nil {
			t.Fatal(err)
		}
		c.shape(whole)
		if _, err := f.WriteAt(whole, 0); err != nil {
			t.Fatal(err)
		}
		if err := swapfile.RemoveHeader(h, "/dev/vdb", uuid); err != nil {
			t.Fatal(err)
		}
		after := make([]byte, 4096)
		if _, err := f.ReadAt(after, 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if gone := bytes.Equal(after, make([]byte, 4096)); gone != c.gone {
			t.Errorf("%s: gone is %v, want %v", c.name, gone, c.gone)
		}
		if !c.gone && !bytes.Equal(after, whole) {
			t.Errorf("%s: it was changed", c.name)
		}
	}
}
