package kernel_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

func TestTellsNamesThatDoNotLast(t *testing.T) {
	for kind, names := range map[string][]string{
		kernel.KernelName: {
			"/dev/sda", "/dev/sdaa12", "/dev/sdaaa", "/dev/vdb", "/dev/vdb1", "/dev/xvdf", "/dev/hda1", "/dev/ubdb", "/dev/dasda1",
			"/dev/nvme0n1", "/dev/nvme0n1p2", "/dev/nvme0c0n1", "/dev/dm-0", "/dev/loop0", "/dev/loop7p1", "/dev/mmcblk0", "/dev/mmcblk0p2",
			"/dev/nbd0", "/dev/sr0", "/dev//sda", "/dev/./sda", "/dev/disk/../sda1", "/dev/block/8:0", "/dev/disk/by-diskseq/4", "/dev/root",
		},
		kernel.ContentName: {
			"/dev/disk/by-uuid/3c4f63a5-6a5c", "/dev/disk/by-label/swap", "UUID=3c4f", "LABEL=swap", `UUID="3c4f"`, "uuid=3c4f",
			"/dev/disk/by-id/lvm-pv-uuid-0sVX1K", "/dev/disk//by-uuid/3c4f",
		},
		"": {
			"/dev/disk/by-id/virtio-scratchb", "/dev/disk/by-partuuid/8f0f-01", "/dev/disk/by-path/pci-0000:00:03.0", "/dev/disk/by-partlabel/swap",
			"PARTUUID=8f0f-01", "PARTLABEL=swap", "/dev/mapper/vg0-swap", "/dev/vg0/swap", "/dev/md/swap", "/dev/sddata", "/dev/sd", "/dev/nvmeswap",
			"/dev/nvme", "/dev/loop-control", "/swapfile", "/dev", "", "sda", "/mnt/dev/sda", "/dev/vda-data/swap", "/dev/sr1vg/lv", "/dev/shm/sda",
		},
	} {
		for _, name := range names {
			got, unstable := kernel.UnstableName(name)
			if got != kind || unstable != (kind != "") {
				t.Errorf("%q: %q %v, want %q", name, got, unstable, kind)
			}
		}
	}
}

func TestOffersNamesThatLast(t *testing.T) {
	for _, c := range []struct {
		machine string
		dev     uint64
		want    []string
	}{
		{"debian13-crypt-partition", unix.Mkdev(254, 17), []string{
			"/dev/disk/by-id/virtio-scratchb-part1", "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4-part1",
			"/dev/disk/by-partuuid/8f0f1c1e-01", "/dev/disk/by-path/pci-0000:00:03.0-part1",
		}},
		{"debian13-crypt-partition", unix.Mkdev(253, 0), []string{
			"/dev/mapper/cryptswap", "/dev/disk/by-id/dm-name-cryptswap", "/dev/disk/by-id/dm-uuid-CRYPT-PLAIN-cryptswap",
		}},
		{"lvm-on-raid", unix.Mkdev(9, 127), []string{"/dev/disk/by-id/md-uuid-3c1bd2d4:7c0e9f2a:1b9a2a0f:2d4c8e11"}},
		{"nvme", unix.Mkdev(259, 3), []string{
			"/dev/disk/by-id/nvme-Samsung_SSD_980_S64ENX0T1-part2", "/dev/disk/by-id/nvme-eui.0025385b21404321-part2",
			"/dev/disk/by-path/pci-0000:00:04.0-nvme-1-part2",
		}},
		{"deleted", unix.Mkdev(253, 0), nil}, // /dev/mapper/cryptswap is missing
		{"nvme", unix.Mkdev(99, 0), nil},
	} {
		got := kernel.StableNames(kerneltest.Machine(t, c.machine), c.dev)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.machine, kernel.DeviceNumber(c.dev), diff)
		}
	}
}

func TestFindsAMappingWithoutItsNode(t *testing.T) {
	h := kerneltest.Machine(t, "deleted")
	if got, err := kernel.MappingByName(h, "cryptswap"); err != nil || got != "dm-0" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := kernel.MappingByName(h, "cryptswap2"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such mapping: %v", err)
	}
	if _, err := kernel.MappingByName(kerneltest.New(t, nil), "cryptswap"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no sysfs: %v", err)
	}
}

func TestNamesADeviceByItsNumber(t *testing.T) {
	h := kerneltest.Machine(t, "multipath")
	if got, err := kernel.DeviceName(h, unix.Mkdev(104, 2)); err != nil || got != "cciss!c0d0p2" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := kernel.DeviceName(h, unix.Mkdev(9, 9)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such device: %v", err)
	}
}

func TestFindsWhoStandsOnADevice(t *testing.T) {
	for _, c := range []struct {
		machine, device string
		want            []string
	}{
		{"debian13-crypt-partition", "vdb1", []string{"dm-0"}},
		{"debian13-crypt-partition", "vdb", []string{"dm-0"}}, // on its partition
		{"debian13-crypt-partition", "vda", nil},
		{"lvm-on-raid", "md127", []string{"dm-0", "dm-1"}},
		{"raid-one-leg", "ubdc", []string{"dm-1", "md0"}},
	} {
		got, err := kernel.Holders(kerneltest.Machine(t, c.machine), c.device)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s %s: %v (-want +got):\n%s", c.machine, c.device, err, diff)
		}
	}
	if _, err := kernel.Holders(kerneltest.Machine(t, "zram"), "vdz"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such device: %v", err)
	}
}
