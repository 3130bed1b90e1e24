package check

import (
	"errors"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/nextboot"
)

const gibibyte = 1 << 30

func text(file, value string) kernel.Text { return kernel.Text{File: file, Value: value} }

func missing(t *kernel.Text) { t.Value, t.Err = "", fs.ErrNotExist }
func denied(t *kernel.Text)  { t.Value, t.Err = "", fs.ErrPermission }

var versions = sync.OnceValues(kubeletcfg.Load)

func row(version string) *kubeletcfg.Row {
	rows, err := versions()
	if err != nil {
		panic(err)
	}
	r, err := rows.Find(version)
	if err != nil {
		panic(err)
	}
	return &r
}

func diskLayer(name string) kernel.Layer {
	return kernel.Layer{Kind: kernel.KindDisk, Name: name, Path: "/dev/" + name}
}

// ready is a node of 8 GiB with an encrypted partition of its own for swap, with
// which every check is content.
func ready() *Facts {
	crypt := kernel.Layer{
		Kind: kernel.KindCrypt, Name: "dm-0", Path: "/dev/mapper/cryptswap", Dev: 0xfd00, Mapping: "cryptswap",
		Cipher: "aes-xts-plain64", KeyBits: 512, Below: []kernel.Layer{diskLayer("nvme1n1")},
	}
	return &Facts{
		Root: true, PageBytes: 4096,
		Release:     text("/proc/sys/kernel/osrelease", "6.12.107+deb13-amd64"),
		CommandLine: text("/proc/cmdline", "root=/dev/sda1 ro quiet"),
		Groups: Groups{
			Version: 2, Controllers: text("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids"),
			SwapMax:    text("/sys/fs/cgroup/system.slice/kubelet.service/memory.swap.max", "max"),
			SystemSwap: text("/sys/fs/cgroup/system.slice/memory.swap.max", "0"),
			SystemIO:   text("/sys/fs/cgroup/system.slice/io.latency", "8:0 target=50000"),
		},
		Memory: kernel.Memory{TotalBytes: 8 * gibibyte, AvailableBytes: 6 * gibibyte, SwapTotalBytes: 4 * gibibyte},
		Use:    kernel.MemoryUse{FreeBytes: 6 * gibibyte, AnonBytes: gibibyte, FileBytes: gibibyte},
		Areas: []Area{{
			Swap:  kernel.Swap{Path: "/dev/dm-0", Kind: kernel.SwapPartition, SizeBytes: 4 * gibibyte},
			Stack: crypt, Managed: true, Since: 9 * time.Second,
		}},
		Noswap:  Noswap{UIDMap: text("/proc/self/uid_map", "0 0 4294967295")},
		Volumes: Volumes{From: "/proc/812/mountinfo", Dir: "/var/lib/kubelet"},
		Disks: Disks{
			OfAreas: map[string][]Disk{"/dev/dm-0": {{Layer: diskLayer("nvme1n1"), Rotational: text("/sys/class/block/nvme1n1/queue/rotational", "0")}}},
			OfDirs:  map[string][]Disk{"/": {{Layer: diskLayer("sda")}}, "/var/lib/kubelet": {{Layer: diskLayer("sda")}}},
		},
		Boot: Boot{
			Service: "/etc/systemd/system/multi-user.target.wants/swapctl.service", Before: []string{"kubelet.service"},
			Hibernate: kernel.Hibernation{Resume: text("/sys/power/resume", "0:0"), Disk: text("/sys/power/disk", "[disabled]")},
		},
		Kubelet: Kubelet{
			Found: true, Unit: "kubelet.service", Kind: "systemd", Version: "v1.34.1", Row: row("1.34"), Dir: "/var/lib/kubelet",
			Running: true, PID: 812, Started: 12 * time.Second,
			Config: kubeletcfg.Effective{
				FailSwapOnFrom: "/var/lib/kubelet/config.yaml", NodeSwap: true, NodeSwapFrom: kubeletcfg.Default,
				SwapBehavior: "LimitedSwap", SwapBehaviorFrom: "/var/lib/kubelet/config.yaml",
				EvictionHard: map[string]string{"memory.available": "100Mi"}, EvictionHardFrom: map[string]string{},
				Sources: []string{"/var/lib/kubelet/config.yaml"},
			},
		},
		Runtime: Runtime{Name: "containerd", Version: "1.7.24", From: "/usr/bin/containerd"},
		Tuning: Tuning{
			Swappiness: text("/proc/sys/vm/swappiness", "60"), MinFree: text("/proc/sys/vm/min_free_kbytes", "67584"),
			ScaleFactor: text("/proc/sys/vm/watermark_scale_factor", "100"), ZonesErr: fs.ErrNotExist,
			Zswap: text("/sys/module/zswap/parameters/enabled", "N"), ZswapPool: text("/sys/module/zswap/parameters/max_pool_percent", "20"),
			Pressure: text("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0"),
		},
		Leaks: Leaks{
			DMCrypt: true, DMCryptSeen: true, DMCryptFrom: "/sys/module/dm_crypt",
			CorePattern: text("/proc/sys/kernel/core_pattern", "core"), CrashKernel: text("/sys/kernel/kexec_crash_loaded", "0"),
		},
	}
}

// outcome is a node that is ready but for one thing.
type outcome struct {
	id     string
	want   Status
	name   string
	found  string // stands in the evidence
	change func(*Facts)
}

// plain takes the encryption off.
func plain(f *Facts) { f.Areas[0].Stack = diskLayer("nvme1n1") }

func noSwap(f *Facts) { f.Areas = nil }

func noKubeletHere(f *Facts) { f.Kubelet = Kubelet{} }

func unreadable(f *Facts) {
	f.Kubelet.Err = errors.New("open /var/lib/kubelet/config.yaml: permission denied")
}

func zramArea(f *Facts) {
	f.Areas[0].Stack = kernel.Layer{Kind: kernel.KindZram, Name: "zram0", Path: "/dev/zram0"}
	f.Areas[0].Managed = false
	f.Disks.OfAreas = nil
}

func fileArea(f *Facts) {
	below := f.Areas[0].Stack.Below
	f.Areas[0].Stack.Below = []kernel.Layer{{Kind: kernel.KindFile, Path: "/swapfile", Dev: 0x801, Ino: 12, FSType: "ext4", Below: below}}
}

func outcomes() []outcome {
	var all []outcome
	for _, list := range [][]outcome{kernelOutcomes(), swapOutcomes(), diskOutcomes(), bootOutcomes(), sliceOutcomes(), kubeletOutcomes(), memoryOutcomes(), leakOutcomes()} {
		all = append(all, list...)
	}
	return all
}

func kernelOutcomes() []outcome {
	old := func(f *Facts) { f.Release.Value = "6.1.0-50-amd64"; f.Noswap.Tried = true }
	tmpfs := func(options string) func(*Facts) {
		return func(f *Facts) {
			f.Volumes.Mounts = append(f.Volumes.Mounts, kernel.Mount{FSType: "tmpfs", Point: "/var/lib/kubelet/pods/1/volumes/x", SuperOptions: options})
		}
	}
	return []outcome{
		{"kernel-version", Pass, "", "/proc/sys/kernel/osrelease: 6.12.107", nil},
		{"kernel-version", Warn, "5.4", "5.4.0-200-generic", func(f *Facts) { f.Release.Value = "5.4.0-200-generic" }},
		{"kernel-version", Fail, "3.10", "3.10.0-1160", func(f *Facts) { f.Release.Value = "3.10.0-1160.el7" }},
		{"kernel-version", Unknown, "no number", "custom", func(f *Facts) { f.Release.Value = "custom" }},
		{"kernel-version", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Release) }},

		{"cgroup-v2", Pass, "", "cgroup.controllers", nil},
		{"cgroup-v2", Fail, "version 1", "/proc/self/mountinfo", func(f *Facts) { f.Groups.Version = 1 }},
		{"cgroup-v2", Unknown, "none", "no control groups", func(f *Facts) { f.Groups.Version = 0 }},

		{"swap-controller", Pass, "", "kubelet.service/memory.swap.max", nil},
		{"swap-controller", Fail, "no file", "no such file", func(f *Facts) { missing(&f.Groups.SwapMax) }},
		{"swap-controller", Fail, "no memory controller", "no memory", func(f *Facts) { missing(&f.Groups.SwapMax); f.Groups.Controllers.Value = "cpu io" }},
		{"swap-controller", Fail, "swapaccount", "swapaccount=0", func(f *Facts) { missing(&f.Groups.SwapMax); f.CommandLine.Value = "ro swapaccount=0" }},
		{"swap-controller", Unknown, "nothing below", "no control group", func(f *Facts) { f.Groups.SwapMax = kernel.Text{}; f.Container = "/.dockerenv" }},
		{"swap-controller", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Groups.SwapMax); f.Root = false }},
		{"swap-controller", Skip, "cgroup v1", "see cgroup-v2", func(f *Facts) { f.Groups.Version = 1 }},

		{"tmpfs-noswap", Pass, "6.12", "6.12", nil},
		{"tmpfs-noswap", Pass, "6.4", "6.4.0", func(f *Facts) { f.Release.Value = "6.4.0" }},
		{"tmpfs-noswap", Pass, "backport", "still supports noswap", func(f *Facts) { old(f); f.Noswap.Supported = true }},
		{"tmpfs-noswap", Warn, "6.1", "refused", old},
		{"tmpfs-noswap", Warn, "user namespace", "user namespace", func(f *Facts) { f.Noswap.UIDMap.Value = "0 100000 65536" }},
		{"tmpfs-noswap", Warn, "old kubelet", "kubelet v1.30.2", func(f *Facts) { f.Kubelet.Version, f.Kubelet.Row = "v1.30.2", row("1.30") }},
		{"tmpfs-noswap", Fail, "6.1 and plain swap", "not encrypted", func(f *Facts) { old(f); plain(f) }},
		{"tmpfs-noswap", Unknown, "ordinary user", "only root", func(f *Facts) { old(f); f.Noswap.Err = unix.EPERM }},
		{"tmpfs-noswap", Unknown, "odd failure", "no memory", func(f *Facts) { old(f); f.Noswap.Err = errors.New("no memory") }},
		{"tmpfs-noswap", Unknown, "no version", "permission denied", func(f *Facts) { denied(&f.Release) }},

		{"tmpfs-mounted-noswap", Pass, "none", "no tmpfs volumes", nil},
		{"tmpfs-mounted-noswap", Pass, "all", "1 tmpfs volume below", tmpfs("rw,size=4k,noswap")},
		{"tmpfs-mounted-noswap", Warn, "one without", "1 of 1 tmpfs volume", tmpfs("rw,size=4k")},
		{"tmpfs-mounted-noswap", Fail, "one without, plain swap", "not encrypted", func(f *Facts) { tmpfs("rw")(f); plain(f) }},
		{"tmpfs-mounted-noswap", Unknown, "denied", "permission", func(f *Facts) { f.Volumes.Err = fs.ErrPermission }},
		{"tmpfs-mounted-noswap", Unknown, "broken table", "odd", func(f *Facts) { f.Volumes.Err = errors.New("odd") }},
		{"tmpfs-mounted-noswap", Unknown, "container", "this container", func(f *Facts) { f.Container = "/.dockerenv"; f.Kubelet.Running = false }},
		{"tmpfs-mounted-noswap", Skip, "", "see tmpfs-noswap", func(f *Facts) { old(f); plain(f) }},
	}
}

func swapOutcomes() []outcome {
	stale := func(s Stale) func(*Facts) { return func(f *Facts) { f.Leaks.Stale = []Stale{s} } }
	return []outcome{
		{"swap-active", Pass, "", "/dev/mapper/cryptswap 4 GiB", nil},
		{"swap-active", Pass, "control plane without", "control plane", func(f *Facts) { noSwap(f); f.Kubelet.ControlPlane = "x" }},
		{"swap-active", Warn, "none", "no area", noSwap},
		{"swap-active", Fail, "kernel without", "no such file", func(f *Facts) { noSwap(f); f.SwapsErr = fs.ErrNotExist }},
		{"swap-active", Unknown, "denied", "permission", func(f *Facts) { noSwap(f); f.SwapsErr = fs.ErrPermission }},

		{"swap-encrypted", Pass, "", "aes-xts-plain64, key of 512 bits", nil},
		{"swap-encrypted", Pass, "by UUID", "by its UUID", func(f *Facts) { s := &f.Areas[0].Stack; s.Cipher, s.KeyBits, s.UUID = "", 0, "CRYPT-PLAIN-x" }},
		{"swap-encrypted", Pass, "memory", "is memory", zramArea},
		{"swap-encrypted", Pass, "zswap before it", "zswap", func(f *Facts) { f.Tuning.Zswap.Value = "Y" }},
		{"swap-encrypted", Warn, "ECB", "ecb", func(f *Facts) { f.Areas[0].Stack.Cipher = "aes-ecb" }},
		{"swap-encrypted", Warn, "short key", "128 bits", func(f *Facts) { f.Areas[0].Stack.KeyBits = 128 }},
		{"swap-encrypted", Fail, "plain", "disk /dev/nvme1n1", plain},
		{"swap-encrypted", Fail, "null cipher", "crypt", func(f *Facts) { f.Areas[0].Stack.NullCipher = true }},
		{"swap-encrypted", Fail, "zram that writes back", "zram", func(f *Facts) { zramArea(f); f.Areas[0].Stack.Below = []kernel.Layer{diskLayer("sdb")} }},
		{"swap-encrypted", Unknown, "ordinary user", "nothing was seen", func(f *Facts) {
			f.Areas[0].Stack = kernel.Layer{Kind: kernel.KindLoop, Path: "/dev/loop0", Below: []kernel.Layer{{Kind: kernel.KindFile, Path: "/x/s", Unseen: true}}}
		}},
		{"swap-encrypted", Skip, "", "see swap-active", noSwap},

		{"swap-stale-plaintext", Pass, "", "no swap signature", nil},
		{"swap-stale-plaintext", Pass, "never used", "never used", stale(Stale{Path: "/dev/sdb1"})},
		{"swap-stale-plaintext", Warn, "used", "with data in it", stale(Stale{Path: "/swap.img", Data: true})},
		{"swap-stale-plaintext", Warn, "image", "hibernation image", stale(Stale{Path: "/dev/sdb1", Image: true})},
		{"swap-stale-plaintext", Unknown, "ordinary user", "denied", func(f *Facts) { f.Leaks.StaleErr = fs.ErrPermission }},

		{"zram", Pass, "", "no zram", nil},
		{"zram", Unknown, "denied", "permission", func(f *Facts) { noSwap(f); f.SwapsErr = fs.ErrPermission }},
		{"zram", Warn, "on", "zram /dev/zram0", zramArea},
		{"zram", Warn, "at boot", "zram-generator.conf", func(f *Facts) { f.Boot.Zram = []string{"/etc/systemd/zram-generator.conf"} }},
	}
}

func diskOutcomes() []outcome {
	turn := func(change func(*Disk)) func(*Facts) {
		return func(f *Facts) { change(&f.Disks.OfAreas["/dev/dm-0"][0]) }
	}
	unseen := func(f *Facts) {
		f.Areas[0].Stack = kernel.Layer{Kind: kernel.KindUnknown, Path: "/dev/dm-0"}
		f.Disks.OfAreas = nil
	}
	return []outcome{
		{"swap-device-dedicated", Pass, "", "/dev/nvme1n1", nil},
		{"swap-device-dedicated", Pass, "zram", "memory", zramArea},
		{"swap-device-dedicated", Warn, "same disk", "shares /dev/nvme1n1 with /var/lib/etcd", func(f *Facts) { f.Disks.OfDirs["/var/lib/etcd"] = []Disk{{Layer: diskLayer("nvme1n1")}} }},
		{"swap-device-dedicated", Warn, "file", "in the file /swapfile", fileArea},
		{"swap-device-dedicated", Unknown, "unseen", "no disk was seen", unseen},
		{"swap-device-dedicated", Skip, "", "see swap-active", noSwap},

		{"swap-device-rotational", Pass, "", "queue/rotational: 0", nil},
		{"swap-device-rotational", Pass, "zram", "memory", zramArea},
		{"swap-device-rotational", Warn, "spins", "rotational: 1", turn(func(d *Disk) { d.Rotational.Value = "1" })},
		{"swap-device-rotational", Warn, "network", "network", turn(func(d *Disk) { d.Kind = kernel.KindNetwork })},
		{"swap-device-rotational", Unknown, "virtual", "virtual disk", turn(func(d *Disk) { d.Rotational.Value, d.Virtual = "1", true })},
		{"swap-device-rotational", Unknown, "no file", "no such file", turn(func(d *Disk) { missing(&d.Rotational) })},
		{"swap-device-rotational", Unknown, "no disk seen", "no disk was seen", unseen},
		{"swap-device-rotational", Skip, "", "see swap-active", noSwap},

		{"swap-side-effects", Pass, "", "no area", nil},
		{"swap-side-effects", Warn, "a snapshot", "/dev/mapper/cryptswap: no snapshot", func(f *Facts) { f.Areas[0].Warnings = []string{"no snapshot; a subvolume"} }},
		{"swap-side-effects", Skip, "", "see swap-active", noSwap},
	}
}

func bootOutcomes() []outcome {
	lines := func(l ...BootLine) func(*Facts) {
		return func(f *Facts) { f.Areas[0].Managed = false; f.Boot.Service = ""; f.Boot.Lines = l }
	}
	mapped := BootLine{From: "/etc/fstab line 3", What: "/dev/mapper/cryptswap"}
	nothing := lines()
	return []outcome{
		{"swap-persistent", Pass, "our unit", "swapctl.service", nil},
		{"swap-persistent", Pass, "fstab and crypttab", "/etc/fstab line 3", func(f *Facts) { lines(mapped)(f); f.Boot.Crypttab = map[string]string{"cryptswap": "/dev/nvme1n1"} }},
		{"swap-persistent", Pass, "zram-generator", "zram-generator.conf", func(f *Facts) { zramArea(f); f.Boot.Zram = []string{"/etc/systemd/zram-generator.conf"} }},
		{"swap-persistent", Pass, "by device number", "by-id.swap", func(f *Facts) {
			plain(f)
			f.Areas[0].Stack.Dev = 0x10300
			lines(BootLine{From: "/etc/systemd/system/by-id.swap", What: "/dev/disk/by-id/x", Dev: 0x10300, Exists: true})(f)
		}},
		{"swap-persistent", Warn, "nothing", "nothing brings back /dev/mapper/cryptswap", nothing},
		{"swap-persistent", Warn, "noauto", "nothing brings back", lines(BootLine{From: "/etc/fstab line 3", What: "/dev/mapper/cryptswap", NoAuto: true})},
		{"swap-persistent", Warn, "no crypttab", "/etc/crypttab does not make", lines(mapped)},
		{"swap-persistent", Fail, "the tutorial's line", "in clear", func(f *Facts) { fileArea(f); f.Boot.Lines = []BootLine{{From: "/etc/fstab line 4", What: "/swapfile"}} }},
		{"swap-persistent", Unknown, "journal not to be read", "journal", func(f *Facts) { nothing(f); f.Boot.Unseen = errors.New("open the journal: permission denied") }},
		{"swap-persistent", Skip, "", "see swap-active", noSwap},

		{"swap-before-kubelet", Pass, "", "before kubelet.service", nil},
		{"swap-before-kubelet", Warn, "another unit", "no Before=my-kubelet.service", func(f *Facts) { f.Kubelet.Unit = "my-kubelet.service" }},
		{"swap-before-kubelet", Skip, "started by hand", "no unit", func(f *Facts) { f.Kubelet.Unit = "" }},
		{"swap-before-kubelet", Skip, "no kubelet", "no kubelet", noKubeletHere},
		{"swap-before-kubelet", Skip, "not persistent", "see swap-persistent", nothing},

		{"swap-units-masked", Pass, "", "is masked", nil},
		{"swap-units-masked", Unknown, "denied", "permission", func(f *Facts) { f.Boot.MasksErr = fs.ErrPermission }},
		{"swap-units-masked", Warn, "masked", "swap.target", func(f *Facts) { f.Boot.Masked = []string{"/etc/systemd/system/swap.target"} }},
		{"swap-units-masked", Warn, "command line", "systemd.swap=0", func(f *Facts) { f.Boot.GenOff = "systemd.swap=0" }},
		{"swap-units-masked", Fail, "masked, and fstab has swap", "/etc/fstab line 3", func(f *Facts) { lines(mapped)(f); f.Boot.Masked = []string{"/etc/systemd/system/swap.target"} }},

		{"swap-turned-off", Pass, "", "no swapoff", nil},
		{"swap-turned-off", Fail, "at each start of the kubelet", "/etc/systemd/system/kubelet.service.d/20-swap.conf line 2: ExecStartPre=/sbin/swapoff -a (kubelet.service)", func(f *Facts) {
			f.Boot.TurnsOff = []SwapOffLine{{File: "/etc/systemd/system/kubelet.service.d/20-swap.conf", Line: 2, Text: "ExecStartPre=/sbin/swapoff -a", By: "kubelet.service", Kubelet: true}}
		}},
		{"swap-turned-off", Warn, "cron", "/etc/crontab line 3: @reboot root swapoff -a (cron)", func(f *Facts) {
			f.Boot.TurnsOff = []SwapOffLine{{File: "/etc/crontab", Line: 3, Text: "@reboot root swapoff -a", By: "cron"}}
		}},
		{"swap-turned-off", Unknown, "denied", "permission", func(f *Facts) { f.Boot.TurnsOffErr = fs.ErrPermission }},

		{"swap-persistent", Warn, "a late mount", "/etc/fstab line 2: _netdev", func(f *Facts) { f.Areas[0].LateMount = "/etc/fstab line 2: _netdev" }},

		{"swap-leftovers", Pass, "", "is there", nil},
		{"swap-leftovers", Pass, "what no boot waits for", "is there", mention(nextboot.Mention{Spec: "UUID=gone", Swap: true})},
		{"swap-leftovers", Pass, "a file system", "is there", mention(nextboot.Mention{Spec: "UUID=gone", Waits: true})},
		{"swap-leftovers", Pass, "a mapping that a boot makes", "is there", func(f *Facts) {
			f.Boot.Crypttab = map[string]string{"c": "/dev/x"}
			mention(nextboot.Mention{Spec: "/dev/mapper/c", Swap: true, Waits: true})(f)
		}},
		{"swap-leftovers", Warn, "fstab", "/etc/fstab line 3: a line of UUID=gone, which is not there", mention(nextboot.Mention{File: "/etc/fstab", Line: 3, What: "a line", Spec: "UUID=gone", Swap: true, Waits: true})},
		{"swap-leftovers", Warn, "a resume device below encrypted swap", "which lies below /dev/mapper/cryptswap", func(f *Facts) {
			f.Areas[0].Stack.Below[0].Dev = 0x10301
			mention(nextboot.Mention{File: "/etc/default/grub", Line: 1, What: "a resume device", Spec: "PARTUUID=1", Swap: true, Waits: true, Exists: true, Stat: host.Stat{Rdev: 0x10301}})(f)
		}},
		{"swap-leftovers", Unknown, "container", "/etc/fstab line 3", func(f *Facts) {
			f.Container = "/.dockerenv"
			mention(nextboot.Mention{File: "/etc/fstab", Line: 3, What: "a line", Spec: "UUID=gone", Swap: true, Waits: true})(f)
		}},
		{"swap-leftovers", Unknown, "denied", "permission", func(f *Facts) { f.Boot.MentionsErr = fs.ErrPermission }},

		{"root-persistent", Pass, "", "on a disk", nil},
		{"root-persistent", Warn, "overlay", "in memory", func(f *Facts) { f.Boot.Forgets = []string{"/etc is on /, whose changes are in memory (overlay)"} }},

		{"hibernation", Pass, "", "0:0", nil},
		{"hibernation", Pass, "switched off", "nohibernate", func(f *Facts) { f.Boot.Hibernate.Off = true }},
		{"hibernation", Pass, "kernel cannot", "cannot", func(f *Facts) { missing(&f.Boot.Hibernate.Resume) }},
		{"hibernation", Warn, "resume=", "resume=/dev/sda2", func(f *Facts) { f.Boot.Hibernate.Word = "resume=/dev/sda2" }},
		{"hibernation", Warn, "set by initramfs", "8:2", func(f *Facts) { f.Boot.Hibernate.Resume.Value = "8:2" }},
		{"hibernation", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Boot.Hibernate.Resume) }},
	}
}

func mention(m nextboot.Mention) func(*Facts) {
	return func(f *Facts) { f.Boot.Mentions = append(f.Boot.Mentions, m) }
}

func sliceOutcomes() []outcome {
	return []outcome{
		{"system-slice-memory-swap-max", Pass, "", "memory.swap.max: 0", nil},
		{"system-slice-memory-swap-max", Warn, "max", "memory.swap.max: max", func(f *Facts) { f.Groups.SystemSwap.Value = "max" }},
		{"system-slice-memory-swap-max", Unknown, "no such slice", "no such file", func(f *Facts) { missing(&f.Groups.SystemSwap) }},
		{"system-slice-memory-swap-max", Skip, "", "see cgroup-v2", func(f *Facts) { f.Groups.Version = 1 }},

		{"cgroup-io-controller", Pass, "", "io", nil},
		{"cgroup-io-controller", Warn, "no io", "(no io)", func(f *Facts) { f.Groups.Controllers.Value = "cpu memory" }},
		{"cgroup-io-controller", Unknown, "denied", "permission denied", func(f *Facts) { denied(&f.Groups.Controllers) }},

		{"system-slice-io-latency", Pass, "", "target=50000", nil},
		{"system-slice-io-latency", Warn, "none set", "empty", func(f *Facts) { f.Groups.SystemIO.Value = "" }},
		{"system-slice-io-latency", Skip, "kernel cannot", "CONFIG_BLK_CGROUP_IOLATENCY", func(f *Facts) { missing(&f.Groups.SystemIO) }},
		{"system-slice-io-latency", Skip, "no io", "see cgroup-io-controller", func(f *Facts) { f.Groups.Controllers.Value = "cpu memory" }},
		{"system-slice-io-latency", Unknown, "no slice", "no such file", func(f *Facts) { missing(&f.Groups.SystemIO); missing(&f.Groups.SystemSwap) }},
	}
}
