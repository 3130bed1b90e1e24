package kernel_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

const heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

func TestReadsSwapsWithOddPaths(t *testing.T) {
	got, err := kernel.Swaps(kerneltest.Machine(t, "odd-names"))
	if err != nil {
		t.Fatal(err)
	}
	file := func(path string, priority int) kernel.Swap {
		return kernel.Swap{Path: path, Kind: "file", SizeBytes: 8188 << 10, Priority: priority}
	}
	want := []kernel.Swap{
		file("/tmp/t1/my dir ü/swap\tfile", -2), file("/tmp/t1/weird (deleted)", -4),
		file(`/tmp/t1/back\slash`, -6), file("/tmp/t1/nb\u00a0sp", -7),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParsesSwaps(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []kernel.Swap
		wantErr    string
	}{
		{"none", heading, nil, ""},
		{"deleted, no padding", heading + `/dev/vdb1\040(deleted) partition	1024		4		32767` + "\n",
			[]kernel.Swap{{Path: "/dev/vdb1", Kind: "partition", SizeBytes: 1 << 20, UsedBytes: 4 << 10, Priority: 32767, Deleted: true}}, ""},
		{"not an escape", heading + `/a\08b\ file	1	0	-2` + "\n",
			[]kernel.Swap{{Path: `/a\08b\`, Kind: "file", SizeBytes: 1 << 10, Priority: -2}}, ""},
		{"empty", "", nil, "no heading"},
		{"cut off", heading + "/swapfile file 1024", nil, "3 fields instead of 5"},
		{"unknown type", heading + "/swapfile blob 1 1 1\n", nil, `unknown type "blob"`},
		{"negative size", heading + "/swapfile file -1 1 1\n", nil, "invalid syntax"},
		{"size that overflows bytes", heading + "/swapfile file 18014398509481984 1 1\n", nil, "out of range"},
		{"bad priority", heading + "/swapfile file 1 1 x\n", nil, "invalid syntax"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := kernel.ParseSwaps([]byte(c.text))
			checkErr(t, err, c.wantErr)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKernelWithoutSwap(t *testing.T) {
	if _, err := kernel.Swaps(kerneltest.New(t, nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReadsMemory(t *testing.T) {
	got, err := kernel.ReadMemory(kerneltest.Machine(t, "debian12-crypt-file"))
	want := kernel.Memory{TotalBytes: 2026732 << 10, AvailableBytes: 1731204 << 10, SwapTotalBytes: 262140 << 10, SwapFreeBytes: 262140 << 10}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, wantErr := range map[string]string{
		"MemTotal: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\n": "no line SwapFree",
		"MemTotal: 1 MB\n":      "no kB",
		"MemTotal: lots kB\n":   "invalid syntax",
		"SwapTotal:       1000": "no kB",
	} {
		_, err := kernel.ParseMemory([]byte(text))
		checkErr(t, err, wantErr)
	}
}

func TestTellsTheCgroupVersion(t *testing.T) {
	for machine, want := range map[string]int{"debian12-crypt-file": 2, "hybrid-cgroups": 1, "btrfs-dev-root": 2} {
		if got := kernel.CgroupVersion(kerneltest.Machine(t, machine)); got != want {
			t.Errorf("%s: %d, want %d", machine, got, want)
		}
	}
	if got := kernel.CgroupVersion(kerneltest.New(t, nil)); got != 0 {
		t.Errorf("no cgroups: %d", got)
	}
}

func TestReadsTheRelease(t *testing.T) {
	if got, err := kernel.Release(kerneltest.Machine(t, "debian12-crypt-file")); err != nil || got != "6.1.0-50-cloud-amd64" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFindsTheMountOfAPath(t *testing.T) {
	const machine = `
-- link -> /mnt/x --
-- mnt/x/s --
-- proc/self/mountinfo --
1 1 0:2 / / rw - rootfs rootfs rw
26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
70 26 254:16 / /mnt/x rw,relatime shared:40 master:1 - xfs /dev/vdb rw,attr2
71 26 254:32 / /hidden rw,relatime - ext4 /dev/vdc rw
72 71 254:48 / /hidden/sub rw,relatime - ext4 /dev/vdd rw
73 71 0:60 / /hidden rw,relatime - tmpfs cover rw
74 26 254:64 / /a\040b rw,relatime - ext4 /dev/vde rw
75 26 254:80 / /mnt/xy ro,relatime - btrfs /dev/vdf rw,subvolid=5
`
	h := kerneltest.New(t, []byte(machine))
	for name, want := range map[string]string{
		"/":                  "/dev/vda",
		"/swapfile":          "/dev/vda",
		"/mnt":               "/dev/vda",
		"/mnt/x":             "/dev/vdb",
		"/mnt/x/s":           "/dev/vdb",
		"/mnt/x/not/there":   "/dev/vdb",
		"/link/s":            "/dev/vdb", // a symbolic link on the way
		"/link/not-there":    "/dev/vdb",
		"/mnt/xy/s":          "/dev/vdf", // not /mnt/x
		"/mnt/xyz":           "/dev/vda",
		"/hidden/sub/s":      "cover", // the longest mount point is covered
		"/a b/s":             "/dev/vde",
		"/mnt/x/../xy/./s//": "/dev/vdf",
	} {
		got, err := kernel.MountOf(h, name)
		if err != nil || got.Source != want {
			t.Errorf("%s: on %q (%v), want %q", name, got.Source, err, want)
		}
	}
	got, _ := kernel.MountOf(h, "/mnt/xy/s")
	want := kernel.Mount{
		ID: 75, Parent: 26, Dev: unix.Mkdev(254, 80), Root: "/", Point: "/mnt/xy", FSType: "btrfs", Source: "/dev/vdf",
		Options: "ro,relatime", SuperOptions: "rw,subvolid=5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFindsTheMountInAChroot: the root is no mount point there, or the parents
// of the others are out of sight.
func TestFindsTheMountInAChroot(t *testing.T) {
	h := kerneltest.New(t, []byte(`
-- proc/self/mountinfo --
70 26 254:16 / /data rw - xfs /dev/vdb rw
`))
	if got, err := kernel.MountOf(h, "/data/s"); err != nil || got.Source != "/dev/vdb" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := kernel.MountOf(h, "/s"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no mount holds /s: %v", err)
	}
	h = kerneltest.New(t, []byte(`
-- proc/self/mountinfo --
100 27 254:0 / / rw - ext4 /dev/vda rw
101 27 254:16 / /data rw - xfs /dev/vdb rw
`))
	if got, err := kernel.MountOf(h, "/data/s"); err != nil || got.Source != "/dev/vdb" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParsesCryptTables(t *testing.T) {
	for _, c := range []struct {
		params  string
		want    kernel.CryptTable
		wantErr string
	}{
		{"aes-xts-plain64 " + strings.Repeat("0", 128) + " 0 7:0 0",
			kernel.CryptTable{Cipher: "aes-xts-plain64", KeyBits: 512, Device: "7:0", SectorBytes: 512}, ""},
		{"aes-xts-plain64 :64:logon:swapctl:cryptswap 0 254:17 0 2 allow_discards sector_size:4096",
			kernel.CryptTable{Cipher: "aes-xts-plain64", KeyBits: 512, KeyInRing: true, Device: "254:17", SectorBytes: 4096,
				Options: []string{"allow_discards", "sector_size:4096"}}, ""},
		{"cipher_null-ecb - 0 8:0 0", kernel.CryptTable{Cipher: "cipher_null-ecb", Device: "8:0", SectorBytes: 512}, ""},
		{"aes-xts-plain64 00 0 7:0", kernel.CryptTable{}, "4 words"},
		{"", kernel.CryptTable{}, "0 words"},
		{"a :x:logon:k 0 7:0 0", kernel.CryptTable{}, "bad key size"},
		{"a :64 0 7:0 0", kernel.CryptTable{}, "bad key size"},
		{"a 00 0 7:0 0 2 allow_discards", kernel.CryptTable{}, "another count"},
		{"a 00 0 7:0 0 1 sector_size:-1", kernel.CryptTable{}, "bad sector size"},
	} {
		got, err := kernel.ParseCryptTable(c.params)
		checkErr(t, err, c.wantErr)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s\n%s", c.params, diff)
		}
	}
	for cipher, want := range map[string]bool{"cipher_null-ecb": true, "capi:ecb(cipher_null)": true, "aes-xts-plain64": false} {
		if got := (kernel.CryptTable{Cipher: cipher}).NullCipher(); got != want {
			t.Errorf("%s does nothing: %v", cipher, got)
		}
	}
}

func TestParsesDeviceNumbers(t *testing.T) {
	if got, err := kernel.ParseDeviceNumber("259:1048575"); err != nil || got != unix.Mkdev(259, 1048575) {
		t.Errorf("got %d, %v", got, err)
	}
	for _, bad := range []string{"", "8", "8:", ":0", "8:0:0", "-1:0", "4096:0", "8:1048576", "8:0\n"} {
		if _, err := kernel.ParseDeviceNumber(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// checkErr wants an error that contains want, or none for "".
func checkErr(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil {
		t.Errorf("error %v", err)
	}
	if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}
