package kernel_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

const zoneinfo = `Node 0, zone      DMA
  per-node stats
      nr_inactive_file 1690315
  pages free     3840
        boost    0
        min      10
        low      13
        high     16
        managed  3840
        protection: (0, 3017, 23241, 23241, 23241)
  pagesets
    cpu: 0
              count:    0
              high:     7
Node 0, zone   Normal
  pages free     772497
        min      13535
        low      18705
        high     23875
        managed  5177377
        protection: (0, 0, 0, 0, 0)
Node 1, zone  Movable
  pages free     0
        min      0
        low      0
        high     0
        managed  0
`

func TestReadsZones(t *testing.T) {
	zones, err := kernel.ParseZones([]byte(zoneinfo))
	if err != nil {
		t.Fatal(err)
	}
	want := []kernel.Zone{
		{Name: "DMA", FreePages: 3840, MinPages: 10, LowPages: 13, HighPages: 16, ManagedPages: 3840, ReservedPages: 23241, InactiveFilePages: 1690315},
		{Name: "Normal", FreePages: 772497, MinPages: 13535, LowPages: 18705, HighPages: 23875, ManagedPages: 5177377},
	}
	if diff := cmp.Diff(want, zones); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "nothing\n", "Node x, zone DMA\n", "Node 0, zone DMA\n min many\n"} {
		if _, err := kernel.ParseZones([]byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "/proc/zoneinfo: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestReadsPressure(t *testing.T) {
	p, err := kernel.ParsePressure("some avg10=1.00 avg60=2.50 avg300=0.00 total=9\nfull avg10=0.00 avg60=1.25 avg300=0.00 total=9\n")
	if err != nil || p.SomeAvg60 != 2.5 || p.FullAvg60 != 1.25 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"none", "some avg60=x", "some avg10=1"} {
		if _, err := kernel.ParsePressure(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestReadsMemoryUse(t *testing.T) {
	use, err := kernel.ParseMemoryUse([]byte("MemFree: 4 kB\nAnonPages: 8 kB\nCached: 1 kB\nBuffers: 2 kB\nSwapCached: 4 kB\nInactive(file): 3 kB\nSReclaimable: 5 kB\nHugePages_Total: 0\n"))
	want := kernel.MemoryUse{FreeBytes: 4096, AnonBytes: 8192, FileBytes: 7168, InactiveFileBytes: 3072, ReclaimableBytes: 5120}
	if diff := cmp.Diff(want, use); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "MemFree: x kB\n"} {
		if _, err := kernel.ParseMemoryUse([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestSplitsTheCommandLine(t *testing.T) {
	got := kernel.CommandLine("ro dyndbg=\"file x +p\"  resume=/dev/sda2\n")
	if diff := cmp.Diff([]string{"ro", `dyndbg="file x +p"`, "resume=/dev/sda2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestATextSaysWhatWasSeen(t *testing.T) {
	h := kerneltest.New(t, []byte("-- proc/a --\n 60 \n-- proc/b --\n-- proc/c = denied --\n"))
	for name, want := range map[string]string{
		"/proc/a": "/proc/a: 60", "/proc/b": "/proc/b: empty", "/proc/c": "/proc/c: permission denied", "/proc/d": "/proc/d: no such file",
	} {
		if got := kernel.ReadText(h, name).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if n, ok := kernel.ReadText(h, "/proc/a").Number(); n != 60 || !ok {
		t.Errorf("%d, %v", n, ok)
	}
	if _, ok := kernel.ReadText(h, "/proc/d").Number(); ok {
		t.Error("a number without a file")
	}
	if s := (kernel.Text{File: "/x", Err: fs.ErrInvalid}).String(); s != "/x: cannot be read: invalid argument" {
		t.Error(s)
	}
}

func TestFindsModules(t *testing.T) {
	const dep = "-- lib/modules/6.1/modules.dep --\nkernel/drivers/md/other.ko: kernel/drivers/md/dm-crypt.ko.xz\n"
	for _, test := range []struct {
		name, tree string
		has, known bool
	}{
		{"loaded", "-- sys/module/dm_crypt/initstate --\nlive\n", true, true},
		{"ready", "-- lib/modules/6.1/modules.dep --\nkernel/drivers/md/dm-crypt.ko.xz: kernel/drivers/md/dm-mod.ko.xz\n", true, true},
		{"built in", "-- lib/modules/6.1/modules.builtin --\nkernel/drivers/md/dm-crypt.ko\n", true, true},
		{"only another one needs it", dep, false, true},
		{"in the kernel by its configuration", "-- boot/config-6.1 --\nCONFIG_A=y\nCONFIG_DM_CRYPT=y\n", true, true},
		{"a module that was not installed", "-- boot/config-6.1 --\nCONFIG_A=y\nCONFIG_DM_CRYPT=m\n", false, true},
		{"left out", "-- boot/config-6.1 --\nCONFIG_A=y\n# CONFIG_DM_CRYPT is not set\n", false, true},
		{"nothing to be seen", "-- etc/x --\n", false, false},
	} {
		has, from, known := kernel.Module(kerneltest.New(t, []byte(test.tree)), "6.1", "dm_crypt", "CONFIG_DM_CRYPT")
		if has != test.has || known != test.known || known == (from == "") {
			t.Errorf("%s: %v, known %v by %q", test.name, has, known, from)
		}
	}
}

func FuzzZones(f *testing.F) {
	f.Add([]byte(zoneinfo))
	f.Add([]byte("Node 0, zone DMA\nprotection:\nprotection: ()\npages free\nmin 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		zones, err := kernel.ParseZones(data)
		for _, z := range zones {
			if err != nil || z.ManagedPages <= 0 || z.MinPages < 0 || z.ReservedPages < 0 {
				t.Errorf("%+v, %v", z, err)
			}
		}
	})
}

func FuzzPressure(f *testing.F) {
	f.Add("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg60=1")
	f.Add("some avg60=NaN")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := kernel.ParsePressure(text)
		if err == nil && !(p.SomeAvg60 >= 0 && p.SomeAvg60 <= 100 && p.FullAvg60 >= 0 && p.FullAvg60 <= 100) {
			t.Errorf("%q: %+v", text, p)
		}
	})
}

func FuzzMemoryUse(f *testing.F) {
	f.Add([]byte("MemFree: 4 kB\nCached:\nA: kB\n"))
	f.Add([]byte("MemFree: 4 kB\nCached: 8796093022207 kB\nBuffers: 8796093022207 kB\nSwapCached: 1 kB\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := kernel.ParseMemoryUse(data)
		if err == nil && min(m.FreeBytes, m.AnonBytes, m.FileBytes, m.InactiveFileBytes, m.ReclaimableBytes) < 0 {
			t.Errorf("%+v", m)
		}
	})
}
