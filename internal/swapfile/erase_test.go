package swapfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

func TestErasesBothEndsOfADevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device")
	for _, size := range []int64{4096, mib, mib + 512, 2 * mib, 5 * mib} {
		if err := os.WriteFile(path, []byte(strings.Repeat("\xff", int(size))), 0o600); err != nil {
			t.Fatal(err)
		}
		h := fakeHost(files{block: true}, kernel{blockDevice: &host.BlockDevice{SizeBytes: size}})
		if err := Erase(context.Background(), h, path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil || int64(len(data)) != size {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		for i, b := range data {
			inside := int64(i) >= mib && int64(i) < size-mib
			if (b != 0) != inside {
				t.Fatalf("of %d, byte %d is %#x", size, i, b)
			}
		}
		if c, err := Probe(h, path); err != nil || !c.Empty {
			t.Errorf("afterwards: %+v, %v", c, err)
		}
	}
	wantRefusal(t, Erase(context.Background(), fakeHost(files{}, kernel{}), path), "it is a file, not a block device", "")
	stopped, stop := context.WithCancel(context.Background())
	stop()
	h := fakeHost(files{block: true}, kernel{blockDevice: &host.BlockDevice{SizeBytes: 4096}})
	if err := Erase(stopped, h, path); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestErasesARealDeviceUnlessItIsInUse(t *testing.T) {
	needRoot(t)
	needTools(t, "mkfs.ext4")
	h, image := host.Linux(), filepath.Join(realDir(t), "image")
	sparse(t, image, 64*mib)
	loop := attach(t, image)
	run(t, "mkfs.ext4", "-q", loop)
	run(t, "sh", "-c", "printf 'label: gpt\\n,8M,L\\n' | PATH=$PATH:/usr/sbin:/sbin sfdisk -q --no-reread "+loop+" || true")
	point := filepath.Join(filepath.Dir(image), "mnt")
	if err := os.Mkdir(point, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Run("mounted", func(t *testing.T) {
		run(t, "mkfs.ext4", "-q", "-F", loop)
		mount(t, point, loop, point)
		err := Erase(context.Background(), h, loop)
		wantRefusal(t, err, "it is in use", "lsblk "+loop)
		if !errors.Is(err, unix.EBUSY) {
			t.Error(err)
		}
		wantRefusal(t, WriteHeader(context.Background(), h, loop, testUUID), "it is in use", "lsblk "+loop)
		if c, err := Probe(h, loop); err != nil || c.What != "ext4 file system" {
			t.Errorf("%+v, %v", c, err)
		}
	})
	if err := Erase(context.Background(), h, loop); err != nil {
		t.Fatal(err)
	}
	if c, err := Probe(h, loop); err != nil || !c.Empty || c.SizeBytes != 64*mib {
		t.Errorf("afterwards: %+v, %v", c, err)
	}
	if err := WriteHeader(context.Background(), h, loop, testUUID); err != nil {
		t.Fatal(err)
	}
	swapOn(t, h, loop)
	wantRefusal(t, Erase(context.Background(), h, loop), "it is in use", "lsblk "+loop)
}
