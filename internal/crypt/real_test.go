package crypt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// realFile makes a file of 16 MiB, and skips the test where the kernel cannot
// encrypt. The virtual machines run it on several kernels.
func realFile(t *testing.T) (host.Host, Mapping) {
	t.Helper()
	h := host.Linux()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes mappings")
	}
	if err := Available(h); err != nil {
		t.Skip("needs dm-crypt: ", err)
	}
	path := filepath.Join(t.TempDir(), "swapfile")
	if err := os.WriteFile(path, make([]byte, 16<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	m := onFile()
	m.Name, m.Backing = "swapctl-test", path
	t.Cleanup(func() {
		if err := Close(context.Background(), h, m.Name); err != nil {
			t.Error(err)
		}
		_ = exec.Command("dmsetup", "remove", "--retry", m.Name).Run()
	})
	return h, m
}

// eventually waits for udev.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 400 {
		if ok() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("%s: not in 10 s", what)
}

func noKeysLeft(t *testing.T) {
	t.Helper()
	eventually(t, "no key in /proc/keys", func() bool {
		keys, _ := os.ReadFile("/proc/keys")
		return !bytes.Contains(keys, []byte("swapctl"))
	})
}

func TestARealMapping(t *testing.T) {
	h, m := realFile(t)
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	s := find(t, h, m.Name)
	t.Logf("%+v", s)
	if ok, why := m.Matches(h, s); !ok || s.Loop == "" || !s.LoopAutoClear || !s.KeyInRing || s.SectorBytes != 4096 || s.SizeBytes != 16<<20 {
		t.Errorf("%+v: %s", s, why)
	}
	noKeysLeft(t)
	if out, err := exec.Command("dmsetup", "table", "--showkeys", m.Name).CombinedOutput(); err == nil {
		t.Logf("%s", out)
		if regexp.MustCompile(`[0-9a-f]{32}`).Match(out) || !bytes.Contains(out, []byte(":64:logon:swapctl:swapctl-test")) {
			t.Errorf("table: %s", out)
		}
	}
	if _, err := os.Stat("/run/udev/control"); err == nil {
		eventually(t, "/dev/mapper/"+m.Name, func() bool {
			st, err := h.Files.Stat("/dev/mapper/" + m.Name)
			dm, _ := h.Files.Stat(s.DevPath)
			return err == nil && st.Rdev == dm.Rdev
		})
	}

	again := m
	again.Name = "swapctl-test2"
	if err := again.Open(t.Context(), h); !errors.Is(err, unix.EBUSY) {
		t.Errorf("the same file twice: %v", err)
	}
	if err := m.Open(t.Context(), h); err == nil {
		t.Error("opened twice")
	}
	encrypts(t, m, s)
	swapsOn(t, h, s)

	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Fatal(err)
	}
	if s := find(t, h, m.Name); s.Exists {
		t.Errorf("still there: %+v", s)
	}
	if l, err := h.Kernel.LoopStatus(s.Loop); err == nil && l.BackingIno == s.BackingIno {
		t.Errorf("%s is still attached: %+v", s.Loop, l)
	}
	if _, err := os.Lstat("/dev/mapper/" + m.Name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("/dev/mapper/%s: %v", m.Name, err)
	}
	noKeysLeft(t)
}

// encrypts writes a pattern and looks for it in the file.
func encrypts(t *testing.T, m Mapping, s State) {
	t.Helper()
	pattern := bytes.Repeat([]byte("canary! "), 1<<13)
	dev, err := os.OpenFile(s.DevPath, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = dev.WriteAt(pattern, 1<<20)
	if err := errors.Join(err, dev.Sync(), dev.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(m.Backing)
	if err != nil {
		t.Fatal(err)
	}
	at := raw[1<<20 : 1<<20+len(pattern)]
	if bytes.Contains(raw, pattern[:16]) || bytes.Equal(at, make([]byte, len(at))) {
		t.Error("the file holds the pattern, or nothing")
	}
}

// swapsOn has the mapping be swap for a moment.
func swapsOn(t *testing.T, h host.Host, s State) {
	t.Helper()
	if out, err := exec.Command("mkswap", s.DevPath).CombinedOutput(); err != nil {
		t.Logf("no mkswap: %v %s", err, out)
		return
	}
	if err := h.Kernel.SwapOn(s.DevPath, 0); err != nil {
		t.Error(err)
		return
	}
	start := time.Now()
	if err := Close(t.Context(), h, "swapctl-test"); !errors.Is(err, unix.EBUSY) || time.Since(start) > time.Second {
		t.Errorf("close while it is swap: %v after %v", err, time.Since(start))
	}
	if in := find(t, h, "swapctl-test"); in.InUse < 1 {
		t.Errorf("in use by %d", in.InUse)
	}
	if err := h.Kernel.SwapOff(t.Context(), s.DevPath); err != nil {
		t.Error(err)
	}
}

// noKeyring is a kernel without keyrings.
type noKeyring struct{ host.Kernel }

func (noKeyring) KeyAdd(string, []byte) (host.KeyID, error) { return 0, errors.ErrUnsupported }

func TestARealMappingWithTheKeyInTheTable(t *testing.T) {
	h, m := realFile(t)
	m.SectorBytes = 512
	h.Kernel = noKeyring{h.Kernel}
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	s := find(t, h, m.Name)
	if ok, why := m.Matches(h, s); !ok || s.KeyInRing || s.KeyBits != 512 {
		t.Errorf("%+v: %s", s, why)
	}
	table, err := h.Kernel.DMTable(m.Name)
	if err != nil || !strings.Contains(table.Params, " "+strings.Repeat("0", 128)+" ") {
		t.Errorf("%q, %v", table.Params, err)
	}
	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Error(err)
	}
}

func TestARealMappingOfADevice(t *testing.T) {
	h, m := realFile(t)
	out, err := exec.Command("losetup", "--find", "--show", m.Backing).Output()
	if err != nil {
		t.Skip("needs losetup: ", err)
	}
	loop := strings.TrimSpace(string(out))
	defer func() { _ = exec.Command("losetup", "--detach", loop).Run() }()
	m.Backing, m.Discards, m.Cipher, m.KeyBits = loop, true, "aes-cbc-essiv:sha256", 256
	if err := m.Open(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	s := find(t, h, m.Name)
	if ok, why := m.Matches(h, s); !ok || s.LoopAutoClear {
		t.Errorf("%+v: %s", s, why)
	}
	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Error(err)
	}
	if _, err := h.Kernel.LoopStatus(loop); err != nil {
		t.Errorf("%s was taken away: %v", loop, err)
	}
}

func TestARealKernelRefuses(t *testing.T) {
	h, m := realFile(t)
	m.Cipher = "camellia-xts-plain64"
	err := m.Open(t.Context(), h)
	t.Log(err) // some kernels know it
	if s := find(t, h, m.Name); s.Exists != (err == nil) {
		t.Errorf("%v: %+v", err, s)
	}
	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Error(err)
	}
	// Left by a killed run: a mapping without a table.
	if err := h.Kernel.DMCreate(m.Name, UUID(m.Name)); err != nil {
		t.Fatal(err)
	}
	if s := find(t, h, m.Name); !s.Exists || s.HasTable {
		t.Errorf("%+v", s)
	}
	m.Cipher = "aes-xts-plain64"
	if err := m.Open(t.Context(), h); err != nil {
		t.Error(err)
	}
	mounts := fmt.Sprint(find(t, h, m.Name))
	if err := Close(t.Context(), h, m.Name); err != nil {
		t.Errorf("%v: %s", err, mounts)
	}
}
