package host

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTmpfsNoswapAgreesWithAMount asks this kernel both ways.
func TestTmpfsNoswapAgreesWithAMount(t *testing.T) {
	got, err := Linux().Kernel.TmpfsNoswap()
	if errors.Is(err, unix.EPERM) {
		t.Skip("only root may make file systems")
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = unix.Mount("none", dir, "tmpfs", 0, "noswap")
	if errors.Is(err, unix.EPERM) {
		t.Skip("nothing can be mounted here")
	}
	if err == nil {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}
	if got != (err == nil) {
		t.Errorf("TmpfsNoswap says %v, and a mount: %v", got, err)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), dir) {
		t.Error("it is still mounted")
	}
}

func TestEncryptsABlockWithThisKernel(t *testing.T) {
	took, err := Linux().Kernel.EncryptBlock("xts(aes)", 64, 4096, 20*time.Millisecond)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this kernel does not lend its ciphers:", err)
	}
	if err != nil || took <= 0 || took > 10*time.Millisecond {
		t.Errorf("%s, %v", took, err)
	}
}

func TestSaysThatACipherIsUnknown(t *testing.T) {
	if _, err := Linux().Kernel.EncryptBlock("rot13", 64, 4096, time.Millisecond); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
}
