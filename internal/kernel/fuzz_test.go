package kernel_test

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

// seed adds a file of every machine to a fuzz target.
func seed(f *testing.F, file string) {
	f.Helper()
	for _, name := range kerneltest.Names(f) {
		if data, err := kerneltest.Machine(f, name).Files.ReadFile(file, host.FileLimit); err == nil {
			f.Add(data)
		}
	}
}

func FuzzSwaps(f *testing.F) {
	seed(f, "/proc/swaps")
	f.Add([]byte(heading + `/a\` + " file\t1\t0\t-2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		swaps, err := kernel.ParseSwaps(data)
		if err != nil {
			return
		}
		lines := strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
		if len(swaps) != len(lines)-1 {
			t.Errorf("%d areas of %d lines", len(swaps), len(lines))
		}
		for _, s := range swaps {
			if s.SizeBytes < 0 || s.UsedBytes < 0 || s.SizeBytes%1024 != 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func FuzzMemory(f *testing.F) {
	seed(f, "/proc/meminfo")
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := kernel.ParseMemory(data)
		if err == nil && min(m.TotalBytes, m.AvailableBytes, m.SwapTotalBytes, m.SwapFreeBytes) < 0 {
			t.Errorf("%+v", m)
		}
	})
}

// FuzzMountOf: whatever mountinfo says, the mount found is one that may hold
// the path, and the search ends.
func FuzzMountOf(f *testing.F) {
	for _, name := range kerneltest.Names(f) {
		data, err := kerneltest.Machine(f, name).Files.ReadFile("/proc/self/mountinfo", host.TableLimit)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data), "/swap/file")
	}
	f.Add("1 2 0:1 / / rw - a b c\n2 1 0:1 / / rw - a b c\n", "/x") // parents in a circle
	f.Fuzz(func(t *testing.T, table, name string) {
		if !strings.HasPrefix(name, "/") {
			return
		}
		files := map[string][]byte{"/proc/self/mountinfo": []byte(table)}
		m, err := kernel.MountOf(kerneltest.Files(files), name)
		if err == nil && m.Point != "/" && !strings.HasPrefix(name, m.Point[:1]) {
			t.Errorf("%q is on %q", name, m.Point)
		}
	})
}

func FuzzCryptTable(f *testing.F) {
	f.Add("aes-xts-plain64 :64:logon:swapctl:cryptswap 0 254:17 0 2 allow_discards sector_size:4096")
	f.Add("cipher_null-ecb - 0 8:0 0")
	f.Fuzz(func(t *testing.T, params string) {
		c, err := kernel.ParseCryptTable(params)
		if err == nil && (c.Cipher == "" || c.KeyBits < 0 || c.SectorBytes <= 0) {
			t.Errorf("%+v", c)
		}
		key, _, _ := strings.Cut(strings.TrimPrefix(params, "x "), " ")
		if err != nil && len(key) > 16 && strings.Contains(err.Error(), key) {
			t.Errorf("the error shows the key: %v", err)
		}
	})
}

func FuzzDeviceNumber(f *testing.F) {
	f.Add("253:0")
	f.Add("259:1048575")
	f.Fuzz(func(t *testing.T, s string) {
		dev, err := kernel.ParseDeviceNumber(s)
		if err != nil {
			return
		}
		again, err := kernel.ParseDeviceNumber(kernel.DeviceNumber(dev))
		if err != nil || again != dev {
			t.Errorf("%q became %q", s, kernel.DeviceNumber(dev))
		}
	})
}

func FuzzUnstableName(f *testing.F) {
	f.Add("/dev/sda1")
	f.Add("UUID=x")
	f.Fuzz(func(t *testing.T, name string) {
		kind, unstable := kernel.UnstableName(name)
		if unstable != (kind != "") {
			t.Errorf("%q: %q %v", name, kind, unstable)
		}
	})
}
