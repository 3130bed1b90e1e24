package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
	"github.com/swapctl/swapctl/internal/status"
)

var update = flag.Bool("update", false, "write the goldens anew")

// journals are what swapctl remembers on the machines of kerneltest; on the
// others it has made nothing.
var journals = map[string]status.Journal{
	"debian12-crypt-file":      up("/swapfile", "cryptswap"),
	"debian13-crypt-partition": up("/dev/disk/by-id/virtio-scratchb-part1", "cryptswap"),
	"ordinary-user":            up("/var/lib/swapctl/swapfile", "cryptswap"),
	"deleted":                  up("/swapfile", "cryptswap"),
	"lvm-on-raid":              up("/dev/mapper/vg0-swap--1", ""),
	"odd-names":                up("/tmp/t1/my dir ü/swap\tfile", ""),
	"lazy-umount":              up("/mnt/x/s", ""),
}

func up(path, mapping string) status.Journal {
	return status.Journal{Goal: "up", Areas: []status.Managed{{Path: path, Mapping: mapping}}}
}

// TestShowsEveryMachine compares the document of each machine with
// testdata/NAME.json.
func TestShowsEveryMachine(t *testing.T) {
	for _, name := range kerneltest.Names(t) {
		t.Run(name, func(t *testing.T) {
			doc := read(t, kerneltest.Machine(t, name), journals[name])
			got, err := json.MarshalIndent(doc, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".json", string(got)+"\n")
		})
	}
}

func read(t *testing.T, h host.Host, j status.Journal) status.Document {
	t.Helper()
	doc, err := status.Read(context.Background(), h, j)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestKnowsWhatItManagesByIdentity: a path alone proves nothing.
func TestKnowsWhatItManagesByIdentity(t *testing.T) {
	const remounted = `
-- proc/swaps --
Filename				Type		Size		Used		Priority
/s                                      file		8184		0		-3
-- proc/meminfo --
MemTotal: 1 kB
MemAvailable: 1 kB
SwapTotal: 1 kB
SwapFree: 1 kB
-- proc/self/mountinfo --
26 1 254:0 / / rw - ext4 /dev/vda rw
-- mnt/x/s = file 8384512 254:0 12 --
-- mnt/y/s = file 512 254:0 13 --
-- sys/devices/virtual/block/vda/dev --
254:0
`
	for _, c := range []struct {
		name, machine string // a machine's name, or its text
		journal       status.Journal
		want          []bool
	}{
		{"ours", "debian12-crypt-file", up("/swapfile", "cryptswap"), []bool{true}},
		{"another name for the same file", "debian12-crypt-file" + extra("-- srv/link -> ../swapfile --\n"), up("/srv/link", "cryptswap"), []bool{true}},
		{"foreign mapping with our name", "debian12-crypt-file" + extra("-- other = file 9 254:0 99 --\n"), up("/other", "cryptswap"), []bool{false}},
		{"our path without our mapping", "debian12-crypt-file", up("/swapfile", ""), []bool{false}},
		{"our file under a mapping of another name", "debian12-crypt-file", up("/swapfile", "ours"), []bool{false}},
		{"our partition by its kernel name", "debian13-crypt-partition", up("/dev/vdb1", "cryptswap"), []bool{true}},
		{"the disk of our partition", "debian13-crypt-partition", up("/dev/vdb", "cryptswap"), []bool{false}},
		{"new file at the path of the deleted one", "deleted" + extra("-- swapfile = file 9 254:0 99 --\n"), up("/swapfile", "cryptswap"), []bool{true, false}},
		{"lost device node", "deleted", up("/dev/vdb", ""), []bool{false, true}},
		{"backing file hidden", "lazy-umount", up("/mnt/x/img", "cryptswap"), []bool{false, false, true}},
		{"mounted again", remounted, up("/mnt/x/s", ""), []bool{true}},
		{"mounted again, file too small", remounted, up("/mnt/y/s", ""), []bool{false}},
		{"only the end of the name", remounted, up("/mnt/x/ss", ""), []bool{false}},
		{"several", "raid-one-leg", status.Journal{Areas: []status.Managed{{Path: "/nowhere"}, {Path: "/dev/md1"}}}, []bool{false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := read(t, machine(t, c.machine), c.journal)
			var got []bool
			for _, a := range doc.Areas {
				got = append(got, *a.Managed)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("managed: %v, want %v; notes %q", got, c.want, doc.Notes)
			}
		})
	}
}

const seam = "\n+++\n"

// extra adds sections to a machine that is named.
func extra(sections string) string { return seam + sections }

func machine(t *testing.T, what string) host.Host {
	t.Helper()
	if strings.HasPrefix(what, "\n-- ") {
		return kerneltest.New(t, []byte(what))
	}
	name, more, _ := strings.Cut(what, seam)
	return kerneltest.Machine(t, name, more)
}

func TestSaysWhereALazilyUnmountedFileIsNow(t *testing.T) {
	h := kerneltest.Machine(t, "lazy-umount", "-- mnt/x/s = file 8384512 254:16 12 --\n"+
		"-- proc/self/mountinfo --\n26 1 254:0 / / rw - ext4 /dev/vda rw\n70 26 254:16 / /mnt/x rw - xfs /dev/vdb rw\n")
	doc := read(t, h, up("/mnt/x/s", ""))
	want := []string{"file /mnt/x/s (xfs)", "disk /dev/vdb"}
	if diff := cmp.Diff(want, doc.Areas[0].Backing); diff != "" {
		t.Error(diff)
	}
	wantNote(t, doc, "/s is the file /mnt/x/s, whose file system was unmounted lazily and mounted again; swapoff takes only the path /mnt/x/s")
}

func TestLeavesOutWhatTheJournalCannotSay(t *testing.T) {
	j := status.Journal{Err: errors.New("permission denied")}
	doc := read(t, kerneltest.Machine(t, "debian12-crypt-file"), j)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"managed"`, `"goal"`} {
		if strings.Contains(string(data), field) {
			t.Errorf("%s is in %s", field, data)
		}
	}
	wantNote(t, doc, "which areas swapctl manages, and what is still to be done, is not known: permission denied")
}

func TestKernelWithoutSwap(t *testing.T) {
	h := kerneltest.New(t, []byte("-- proc/meminfo --\nMemTotal: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"))
	doc := read(t, h, status.Journal{})
	if len(doc.Areas) != 0 || doc.Journal.Goal != "none" {
		t.Errorf("%+v", doc)
	}
	wantNote(t, doc, "this kernel was built without swap: there is no /proc/swaps")
}

func TestFailsWithoutProc(t *testing.T) {
	_, err := status.Read(context.Background(), kerneltest.New(t, nil), status.Journal{})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot read the state of swap: ") || fail.Code(err) != fail.Failed {
		t.Errorf("got %v", err)
	}
	broken := kerneltest.Machine(t, "zram", "-- proc/swaps --\nnonsense\n")
	if _, err = status.Read(context.Background(), broken, status.Journal{}); err == nil {
		t.Error("nonsense in /proc/swaps was taken")
	}
}

func TestStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := status.Read(ctx, kerneltest.Machine(t, "zram"), status.Journal{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func wantNote(t *testing.T, doc status.Document, want string) {
	t.Helper()
	if !slices.Contains(doc.Notes, want) {
		t.Errorf("no note %q in %q", want, doc.Notes)
	}
}
