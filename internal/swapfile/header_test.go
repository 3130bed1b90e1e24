package swapfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

var (
	testUUID = [16]byte{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	textUUID = "00112233-4455-6677-8899-aabbccddeeff"
)

func TestHeaderIsByteForByteWhatMkswapWrites(t *testing.T) {
	needTools(t, "mkswap")
	for _, page := range []int{4096, 8192, 16384, 65536} {
		for _, size := range []int64{10 * int64(page), 11*int64(page) + 1000, 1 << 20, 64 << 20, 4 << 30, 9<<30 + 12345} {
			if size < MinPages*int64(page) {
				continue
			}
			t.Run(fmt.Sprintf("page %d size %d", page, size), func(t *testing.T) {
				dir := t.TempDir()
				ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
				sparse(t, ours, size)
				sparse(t, theirs, size)
				h := fakeHost(files{}, kernel{pageBytes: page})
				if err := WriteHeader(context.Background(), h, ours, testUUID); err != nil {
					t.Fatal(err)
				}
				run(t, "mkswap", "-p", fmt.Sprint(page), "-U", textUUID, theirs)
				sameStart(t, ours, theirs, 1<<18)
			})
		}
	}
}

func TestHeaderReplacesWhatWasInThePageAsMkswapDoes(t *testing.T) {
	needTools(t, "mkswap")
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	noise := bytes.Repeat([]byte("noise"), 40_000)
	for _, path := range []string{ours, theirs} {
		if err := os.WriteFile(path, noise, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteHeader(context.Background(), fakeHost(files{}, kernel{pageBytes: 4096}), ours, testUUID); err != nil {
		t.Fatal(err)
	}
	run(t, "mkswap", "-p", "4096", "-U", textUUID, theirs)
	sameStart(t, ours, theirs, len(noise))
}

func TestHeaderOfAVeryLongDeviceSpansWhatItCan(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device")
	sparse(t, path, 1<<20)
	h := fakeHost(files{block: true}, kernel{pageBytes: 4096, blockDevice: &host.BlockDevice{SizeBytes: 20 << 40}})
	if err := WriteHeader(context.Background(), h, path, testUUID); err != nil {
		t.Fatal(err)
	}
	got, err := ReadHeader(h, path)
	if err != nil || got.Pages != MaxPages {
		t.Fatalf("header of %d pages, %v; want %d", got.Pages, err, uint32(MaxPages))
	}
}

// The first page of `mkswap -p 4096 -U ... -L swapctl` on 1 MiB (util-linux
// 2.38), as its lines that are not zero: so the layout is also tested on
// machines without mkswap.
func TestReadsAndWritesACapturedHeader(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("needs a little-endian machine: the captured header is from one")
	}
	page := make([]byte, 4096)
	for at, line := range map[int]string{
		0x400: "01000000ff00000000000000001122334455667788" + "99aabbccddeeff",
		0x41c: hex.EncodeToString([]byte("swapctl")),
		0xff6: hex.EncodeToString([]byte("SWAPSPACE2")),
	} {
		row, err := hex.DecodeString(line)
		if err != nil {
			t.Fatal(err)
		}
		copy(page[at:], row)
	}
	want := Header{PageBytes: 4096, Pages: 256, UUID: testUUID, Label: "swapctl"}
	got, err := ParseHeader(page)
	if err != nil || got != want {
		t.Errorf("ParseHeader = %+v, %v; want %+v", got, err, want)
	}
	if !bytes.Equal(want.Encode(), page) {
		t.Errorf("Encode =\n%s\nwant\n%s", hex.Dump(want.Encode()), hex.Dump(page))
	}
	if got.SizeBytes() != 1<<20 || uuidText(got.UUID) != textUUID {
		t.Errorf("size %d, UUID %s", got.SizeBytes(), uuidText(got.UUID))
	}
}

func TestTellsAUsableHeaderFromOthers(t *testing.T) {
	good := Header{PageBytes: 4096, Pages: 100, UUID: testUUID}
	change := func(at int, with ...byte) []byte {
		page := good.Encode()
		copy(page[at:], with)
		return page
	}
	swapped := change(atVersion, 0, 0, 0, 1, 0, 0, 0, 99)
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		swapped = change(atVersion, 1, 0, 0, 0, 99, 0, 0, 0)
	}
	for name, c := range map[string]struct {
		page []byte
		want error
	}{
		"good":                       {good.Encode(), nil},
		"of the other byte order":    {swapped, nil},
		"zeros":                      {make([]byte, 4096), ErrNoHeader},
		"empty":                      {nil, ErrNoHeader},
		"longer than any page":       {make([]byte, 1<<20), ErrNoHeader},
		"of another page size":       {Header{PageBytes: 8192, Pages: 9}.Encode()[:4096], ErrNoHeader},
		"old":                        {change(4086, []byte("SWAP-SPACE")...), ErrOldHeader},
		"hibernated":                 {change(4086, []byte("S1SUSPEND\x00")...), ErrHibernation},
		"hibernated long ago":        {change(4086, []byte("S2SUSPEND\x00")...), ErrHibernation},
		"hibernated by uswsusp":      {change(4086, []byte("ULSUSPEND\x00")...), ErrHibernation},
		"hibernated, compressed":     {change(4086, []byte("LINHIB0001")...), ErrHibernation},
		"of version 2":               {change(atVersion, 2), ErrNoHeader},
		"without pages":              {change(atLastPage, 0, 0, 0, 0), ErrNoHeader},
		"with more pages than count": {change(atLastPage, 255, 255, 255, 255), ErrNoHeader},
	} {
		got, err := ParseHeader(c.page)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("a header %s: %v; want %v", name, err, c.want)
		}
		if err == nil && got != good {
			t.Errorf("a header %s: %+v; want %+v", name, got, good)
		}
	}
}

func TestHeaderGoesOnlyWhereItFits(t *testing.T) {
	dir := t.TempDir()
	ctx, h := context.Background(), fakeHost(files{}, kernel{pageBytes: 4096})
	small, link, pipe := filepath.Join(dir, "small"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	sparse(t, small, 39<<10)
	big := filepath.Join(dir, "big")
	sparse(t, big, 1<<20)
	if err := errors.Join(os.Symlink(big, link), unix.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, WriteHeader(ctx, h, small, testUUID), "a swap area needs 40960", "")
	wantRefusal(t, WriteHeader(ctx, h, dir, testUUID), "it is a directory", "")
	wantRefusal(t, WriteHeader(ctx, h, pipe, testUUID), "it is a named pipe", "")
	wantRefusal(t, WriteHeader(ctx, h, link, testUUID), "symbolic links", "")
	if err := WriteHeader(ctx, h, filepath.Join(dir, "none"), testUUID); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := WriteHeader(stopped, h, big, testUUID); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, path := range []string{small, big} {
		if _, err := ReadHeader(h, path); !errors.Is(err, ErrNoHeader) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestHeaderMustSpanTheWholeArea(t *testing.T) {
	path := filepath.Join(t.TempDir(), "swap")
	sparse(t, path, 1<<20)
	h := fakeHost(files{}, kernel{pageBytes: 4096})
	if err := CheckHeader(h, path); !errors.Is(err, ErrNoHeader) {
		t.Error(err)
	}
	if err := WriteHeader(context.Background(), h, path, testUUID); err != nil {
		t.Fatal(err)
	}
	if err := CheckHeader(h, path); err != nil {
		t.Error(err)
	}
	if err := os.Truncate(path, 2<<20); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, CheckHeader(h, path), "spans 256 pages of 512", "")
}

// FuzzParseHeader: a header that is accepted is the same when it is written
// again. A page is mostly zeros, so the target makes the page from its two
// ends: then every input has the right length, and most have the right
// signature.
func FuzzParseHeader(f *testing.F) {
	small := Header{PageBytes: 4096, Pages: 100, UUID: testUUID, Label: "x"}.Encode()
	f.Add(small[1024:1100], []byte(magicSwap), uint8(0))
	f.Add(Header{PageBytes: 65536, Pages: MaxPages}.Encode()[1024:1100], []byte(magicSwap), uint8(4))
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 9}, []byte(magicSwap), uint8(2)) // the other byte order
	f.Add([]byte{}, []byte(magicOldSwap), uint8(0))
	f.Add([]byte{1}, []byte("S1SUSPEND\x00"), uint8(0))
	f.Add([]byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, []byte(magicSwap), uint8(9))
	f.Fuzz(func(t *testing.T, front, mark []byte, power uint8) {
		page := make([]byte, 4096<<(power%10)) // up to larger than any page
		copy(page[1024:], front)
		copy(page[len(page)-magicBytes:], mark)
		h, err := ParseHeader(page)
		if err != nil {
			return
		}
		if h.Pages < 2 || h.PageBytes != len(page) {
			t.Fatalf("%+v from a page of %d bytes", h, len(page))
		}
		again, err := ParseHeader(h.Encode())
		if err != nil || again != h {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}

// sameStart compares the first bytes of two files.
func sameStart(t *testing.T, ours, theirs string, length int) {
	t.Helper()
	read := func(path string) []byte {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		data := make([]byte, length)
		n, _ := f.ReadAt(data, 0)
		return data[:n]
	}
	a, b := read(ours), read(theirs)
	if len(a) != len(b) {
		t.Fatalf("%d bytes; mkswap: %d", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("byte %#x is %#x; mkswap wrote %#x", i, a[i], b[i])
		}
	}
}
