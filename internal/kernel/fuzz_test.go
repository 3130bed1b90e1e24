package kernel_test

import (
	"bytes"
	"fmt"
	"path"
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

// seedText is seed for a target that takes a string.
func seedText(f *testing.F, file string) {
	f.Helper()
	for _, name := range kerneltest.Names(f) {
		if data, err := kerneltest.Machine(f, name).Files.ReadFile(file, host.FileLimit); err == nil {
			f.Add(string(data))
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

// FuzzMounts: what is not refused are the lines of the table, with absolute paths.
func FuzzMounts(f *testing.F) {
	seed(f, "/proc/self/mountinfo")
	f.Add([]byte("1 2 0:1 / /a\\040b rw,noswap shared:1 - tmpfs none rw,size=1k\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		mounts, err := kernel.ParseMounts(data)
		if err != nil {
			return
		}
		if lines := bytes.Count(data, []byte("\n")) + 1; len(mounts) > lines {
			t.Errorf("%d mounts of %d lines", len(mounts), lines)
		}
		for _, m := range mounts {
			_ = m.Has("noswap")
		}
	})
}

// FuzzMountOf: whatever the mounts are, even in a circle, the one that is found
// holds the path, and the search ends. Each byte of shape is a mount: whose child
// it is, and where.
func FuzzMountOf(f *testing.F) {
	f.Add([]byte{0x00, 0x01, 0x12, 0x23}, "/a/b/c")
	f.Add([]byte{0x10, 0x01}, "/a")             // parents in a circle
	f.Add([]byte{0x00, 0x07, 0x15}, "/a/../ab") // without a point, beside a path
	points := []string{"/", "/a", "/a/b", "/a/b/c", "/b", "/ab", "/a/", "", "//", "/\\040"}
	f.Fuzz(func(t *testing.T, shape []byte, name string) {
		if !strings.HasPrefix(name, "/") || len(shape) > 64 {
			return
		}
		var table strings.Builder
		for id, b := range shape {
			fmt.Fprintf(&table, "%d %d 8:%d / %s rw - ext4 /dev/sda%d rw\n", id, b>>4, id, points[int(b&15)%len(points)], id)
		}
		m, err := kernel.MountOf(kerneltest.Files(map[string][]byte{"/proc/self/mountinfo": []byte(table.String())}), name)
		clean := path.Clean(name)
		if err == nil && m.Point != "/" && clean != m.Point && !(m.Point != "" && strings.HasPrefix(clean, m.Point+"/")) {
			t.Errorf("%q is on %q of\n%s", name, m.Point, &table)
		}
	})
}

// FuzzGroups: what the memory controller says of two groups, one in the other.
func FuzzGroups(f *testing.F) {
	f.Add("4096\n", "max\n", "anon 1\nfile 2\n", "8192\n", "4096\n", "anon 9223372036854775807\n")
	f.Add("1", "1", "anon 1\n", "9223372036854775807", "1", "anon 9223372036854775807")
	f.Add("-1", "0", "", "x", "", "anon x\n")
	f.Fuzz(func(t *testing.T, swap1, max1, stat1, swap2, max2, stat2 string) {
		groups, err := kernel.TightGroups(kerneltest.Files(map[string][]byte{
			"/sys/fs/cgroup/a/memory.swap.current": []byte(swap1), "/sys/fs/cgroup/a/memory.max": []byte(max1), "/sys/fs/cgroup/a/memory.stat": []byte(stat1),
			"/sys/fs/cgroup/a/b/memory.swap.current": []byte(swap2), "/sys/fs/cgroup/a/b/memory.max": []byte(max2), "/sys/fs/cgroup/a/b/memory.stat": []byte(stat2),
		}))
		if err != nil || len(groups) > 2 {
			t.Errorf("%+v, %v", groups, err)
		}
		for _, g := range groups {
			if g.SwapBytes == 0 || !strings.HasPrefix(g.Path, "/a") {
				t.Errorf("%+v", g)
			}
		}
	})
}

// FuzzModule: the lists of modules that installers write.
func FuzzModule(f *testing.F) {
	f.Add([]byte("kernel/drivers/md/dm-crypt.ko.xz: kernel/drivers/md/dm-mod.ko.xz\n"), []byte("CONFIG_DM_CRYPT=m\n"))
	f.Add([]byte("a: /dm-crypt.ko"), []byte("\nCONFIG_DM_CRYPT=y\n"))
	f.Add([]byte("/dm_crypt.ko"), []byte(""))
	f.Fuzz(func(t *testing.T, dep, config []byte) {
		has, from, known := kernel.Module(kerneltest.Files(map[string][]byte{
			"/lib/modules/6.1/modules.dep": dep, "/boot/config-6.1": config,
		}), "6.1", "dm_crypt", "CONFIG_DM_CRYPT")
		if !known || from == "" {
			t.Errorf("%v, %q, %v", has, from, known)
		}
		if has && !bytes.Contains(dep, []byte(".ko")) && !bytes.Contains(config, []byte("CONFIG_DM_CRYPT=y")) {
			t.Errorf("it has the module by %q", from)
		}
	})
}

// FuzzCommandLine: the words of the kernel's command line, quotes kept together.
func FuzzCommandLine(f *testing.F) {
	seedText(f, "/proc/cmdline")
	f.Add(`a="b c" resume=/dev/x "`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, word := range kernel.CommandLine(line) {
			if word == "" || !strings.Contains(word, `"`) && strings.ContainsAny(word, " \t\n") {
				t.Errorf("%q has the word %q", line, word)
			}
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
