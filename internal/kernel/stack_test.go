package kernel_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

var update = flag.Bool("update", false, "write the goldens anew")

// TestFindsEveryLayerDownToTheDisk compares what each machine of kerneltest
// stands on with testdata/NAME.golden.
func TestFindsEveryLayerDownToTheDisk(t *testing.T) {
	for _, name := range kerneltest.Names(t) {
		t.Run(name, func(t *testing.T) {
			h := kerneltest.Machine(t, name)
			swaps, err := kernel.Swaps(h)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			stacks := kernel.NewStacks(h)
			for _, s := range swaps {
				l, err := stacks.Of(s)
				fmt.Fprintf(&b, "%q %s, encrypted: %v\n", s.Path, s.Kind, l.Encrypted())
				tree(&b, l, 1)
				fmt.Fprintf(&b, "  disks: %s; reached plain: %s\n", paths(l.Disks()), paths(l.PlainDisks()))
				if err != nil {
					fmt.Fprintf(&b, "  error: %v\n", err)
				}
			}
			golden(t, "testdata/"+name+".golden", b.String())
		})
	}
}

func tree(b *strings.Builder, l kernel.Layer, depth int) {
	indent := strings.Repeat("  ", depth)
	fmt.Fprintf(b, "%s%s", indent, l)
	if l.UUID != "" {
		fmt.Fprintf(b, " uuid=%s", l.UUID)
	}
	if l.Cipher != "" {
		fmt.Fprintf(b, " cipher=%s/%d", l.Cipher, l.KeyBits)
	}
	if l.TableUnseen {
		b.WriteString(" table-unseen")
	}
	if l.Unseen {
		b.WriteString(" unseen")
	}
	b.WriteString("\n")
	for _, below := range l.Below {
		tree(b, below, depth+1)
	}
}

func paths(layers []kernel.Layer) string {
	var all []string
	for _, l := range layers {
		all = append(all, l.Path)
	}
	return strings.Join(all, " ")
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

// TestTroubleWithOneLegHidesNoOther: a device that vanishes while sysfs is read
// must not leave the encrypted legs alone in the picture, whichever leg it is.
func TestTroubleWithOneLegHidesNoOther(t *testing.T) {
	for _, below := range []string{
		"-- sys/devices/virtual/block/md0/slaves/sdz -> ../../sdz --\n",
		"-- sys/devices/virtual/block/dm-0/slaves/sdy -> ../../sdy --\n" +
			"-- sys/devices/virtual/block/md0/slaves/sdz -> ../../sdz --\n" +
			"-- sys/devices/virtual/block/sdz/dev --\n8:400\n",
	} {
		checkLegs(t, below)
	}
}

func checkLegs(t *testing.T, below string) {
	t.Helper()
	h := kerneltest.New(t, []byte(below+`
-- proc/self/mountinfo --
-- sys/devices/virtual/block/md0/dev --
9:0
-- sys/devices/virtual/block/md0/slaves/dm-0 -> ../../dm-0 --
-- sys/devices/virtual/block/dm-0/dev --
253:0
-- sys/devices/virtual/block/dm-0/dm/name --
leg
-- sys/devices/virtual/block/dm-0/dm/uuid --
CRYPT-PLAIN-leg
-- DM leg --
0 8 crypt aes-xts-plain64 :64:logon:leg 0 8:0 0
`))
	l, err := kernel.NewStacks(h).Of(kernel.Swap{Path: "/dev/md0", Kind: kernel.SwapPartition})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one that says what is missing", err)
	}
	if l.Encrypted() || len(l.Below) != 2 {
		t.Errorf("encrypted %v with %d legs, want false with 2", l.Encrypted(), len(l.Below))
	}
}

// TestEndsALoopOfDevices: sysfs is read while it changes, and may show one.
func TestEndsALoopOfDevices(t *testing.T) {
	h := kerneltest.New(t, []byte(`
-- sys/devices/virtual/block/md0/dev --
9:0
-- sys/devices/virtual/block/md0/slaves/md1 -> ../../md1 --
-- sys/devices/virtual/block/md1/dev --
9:1
-- sys/devices/virtual/block/md1/slaves/md0 -> ../../md0 --
`))
	if _, err := kernel.NewStacks(h).Of(kernel.Swap{Path: "/dev/md0", Kind: kernel.SwapPartition}); err == nil {
		t.Error("no error")
	}
}

// TestDescribesTheStackOfAnEncryptedFile pins the wording of "backing".
func TestDescribesTheStackOfAnEncryptedFile(t *testing.T) {
	h := kerneltest.Machine(t, "debian12-crypt-file")
	l, err := kernel.NewStacks(h).Of(kernel.Swap{Path: "/dev/dm-0", Kind: kernel.SwapPartition})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"crypt /dev/mapper/cryptswap", "loop /dev/loop0", "file /swapfile (ext4)", "disk /dev/vda"}
	if diff := cmp.Diff(want, l.Describe()); diff != "" {
		t.Error(diff)
	}
	if file, ok := l.Find(kernel.KindFile, kernel.KindDisk); !ok || file.Path != "/swapfile" || file.Ino != 1311 {
		t.Errorf("Find gave %v %v", file, ok)
	}
}
