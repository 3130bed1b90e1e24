package swapfile

import (
	"bufio"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/probe anew from what the real tools make")

// capture writes the lines of 16 bytes, around the signatures, that are not
// zero.
func capture(t *testing.T, name, path string, c Content) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keep := map[int]bool{0: true}
	for _, f := range c.Found {
		keep[int(f.OffsetBytes)>>8] = true
	}
	var out strings.Builder
	fmt.Fprintf(&out, "size %d\n", len(data))
	for at := 0; at+16 <= len(data); at += 16 {
		row := data[at : at+16]
		near := at < edgeBytes || at >= len(data)-edgeBytes
		if keep[at>>8] && near && strings.Trim(string(row), "\x00") != "" {
			fmt.Fprintf(&out, "%x %x\n", at, row)
		}
	}
	dir := filepath.Join("testdata", "probe")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name+".txt"), []byte(out.String()), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// restore reads what capture wrote.
func restore(t testing.TB, file string) (size int64, head, tail []byte) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		first, second, _ := strings.Cut(lines.Text(), " ")
		if first == "size" {
			if size, err = strconv.ParseInt(second, 10, 64); err != nil {
				t.Fatal(file, err)
			}
			head, tail = make([]byte, min(size, edgeBytes)), make([]byte, min(size, edgeBytes))
			continue
		}
		at, err1 := strconv.ParseInt(first, 16, 64)
		row, err2 := hex.DecodeString(second)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(file, err)
		}
		if at < int64(len(head)) {
			copy(head[at:], row)
		}
		if from := size - int64(len(tail)); at >= from {
			copy(tail[at-from:], row)
		}
	}
	return size, head, tail
}
