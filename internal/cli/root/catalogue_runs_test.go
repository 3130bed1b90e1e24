package root_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
	"github.com/swapctl/swapctl/internal/swapfile"
)

func badEncryption() []situation {
	const small = "setup --size 8Mi "
	return []situation{
		{name: "kernel without a device mapper", node: []shape{(*hosttest.Node).NoDeviceMapper}, args: small, code: 3, says: "no device-mapper driver", hint: "modprobe dm_crypt"},
		{name: "kernel without dm-crypt", node: []shape{(*hosttest.Node).NoDMCrypt}, args: small, code: 3, says: "no such target", hint: "--encrypt=false"},
		{name: "device mapper that root may not use", node: []shape{fails("dmtarget", "crypt", unix.EPERM)}, args: small, code: 5, says: "operation not permitted", hint: "container"},
		{name: "kernel without loop devices", node: []shape{(*hosttest.Node).NoLoop}, args: small, code: 3, says: "/dev/loop-control", hint: "modprobe loop", state: takenBack, acts: true},
		{name: "all loop devices taken", node: []shape{(*hosttest.Node).NoLoopFree}, args: small, code: 1, says: "loop", hint: "losetup --list", state: takenBack, acts: true},
		{name: "cipher that is not one", args: small + "--cipher rot13", code: 2, says: "aes-xts-plain64", hint: "--cipher aes-xts-plain64"},
		{name: "cipher that gives data away", args: small + "--cipher aes-ecb-plain64", code: 2, says: "is not supported", hint: "--cipher aes-xts-plain64"},
		{name: "cipher with a weak start vector", args: small + "--cipher aes-cbc-plain", code: 2, says: "the third part is plain64", hint: "--cipher aes-xts-plain64"},
		{name: "cipher that the kernel does not have", args: small + "--cipher xchacha12,aes-adiantum-plain64 --key-size 256", code: 3, says: "the kernel refuses cipher", hint: "dmesg", state: takenBack, acts: true},
		{name: "key of a wrong size", args: small + "--key-size 1024", code: 2, says: "256, 384 or 512 bits, not 1024", hint: "--key-size 512"},
		{name: "key of no bits", args: small + "--key-size 0", code: 2, says: "not 0", hint: "--key-size 512"},
		{name: "sectors of a wrong size", args: small + "--sector-size 1024", code: 2, says: `"1024" is not one of auto, 512 and 4096`, hint: "--sector-size auto"},
		{name: "sectors in words", args: small + "--sector-size big", code: 2, says: `"big" is not one of`, hint: "--sector-size auto"},
		{name: "mapping name with a slash", args: small + "--name my/swap", code: 2, says: `"my/swap"`, hint: "--name cryptswap"},
		{name: "mapping name of the device mapper's own", args: small + "--name control", code: 2, says: "the device mapper's own", hint: "--name cryptswap"},
		{name: "mapping name too long", args: small + "--name " + strings.Repeat("n", 120), code: 2, says: "at most", hint: "--name cryptswap"},
		{name: "empty mapping name", argv: []string{"setup", "--size", "8Mi", "--name", ""}, code: 2, says: "mapping", hint: "--name cryptswap"},
		{name: "plain mapping of our name by somebody else", node: []shape{mapping("cryptswap", "CRYPT-PLAIN-cryptswap", "254:16", 8)}, args: small, code: 2, says: "which swapctl did not make", hint: "cryptsetup close cryptswap"},
		{name: "LUKS mapping of our name", node: []shape{mapping("cryptswap", "CRYPT-LUKS2-0011-cryptswap", "254:16", 8)}, args: small, code: 2, says: "which swapctl did not make", hint: "dmsetup info"},
		{name: "logical volume of our name", node: []shape{mapping("vg-swap", "LVM-abcd", "254:16", 8)}, args: small + "--name vg-swap", code: 2, says: "which swapctl did not make", hint: "dmsetup info"},
	}
}

func badSetups() []situation {
	const small, plain = "setup --size 8Mi", "setup --size 8Mi --encrypt=false"
	const path = setup.DefaultPath
	return []situation{
		{name: "setup by another user", node: []shape{euid(1000)}, args: small, code: 5, says: "only root", hint: "sudo"},
		{name: "dry run by another user", node: []shape{euid(1000)}, args: small + " --dry-run", code: 5, says: "only root", hint: "sudo"},
		{name: "another swapctl at work", node: []shape{locked}, args: small, code: 6, says: "another swapctl is changing it", hint: "pgrep"},
		{name: "/proc/swaps cannot be read", node: []shape{fails("read", "/proc/swaps", unix.EIO), file("/proc/swaps", someSwap, 0o444)}, args: small, code: 1, says: "/proc/swaps", hint: "/proc/swaps"},
		{name: "/proc/swaps is not what it should be", node: []shape{file("/proc/swaps", "hello\n", 0o444)}, args: small, code: 1, says: "/proc/swaps", hint: "/proc/swaps"},
		{name: "kernel without swap", node: []shape{removed("/proc/swaps")}, args: small, code: 3, says: "/proc/swaps", hint: "CONFIG_SWAP"},
		{name: "/proc/meminfo cannot be read", node: []shape{fails("read", "/proc/meminfo", unix.EIO)}, args: "setup --size 50%", code: 1, says: "/proc/meminfo", hint: "/proc/meminfo"},
		{name: "no room for the journal", node: []shape{fails("write", setup.JournalPath, unix.ENOSPC)}, args: small, code: 1, says: "write the journal", hint: "df -h /var/lib", acts: true},
		{name: "no place for the journal", node: []shape{mounted("/var/lib", hosttest.FileSystem{Type: "ext4", ReadOnly: true})}, args: small + " --path /swapfile", code: 1, says: "lock this node", hint: "findmnt -T /var/lib"},
		{name: "file system filled up meanwhile", node: []shape{fails("fallocate", "", unix.ENOSPC)}, args: plain, code: 1, says: "no room for 8 MiB", hint: "df -h", state: takenBack, acts: true},
		{name: "disk that fails while zeros are written", node: []shape{mounted("/srv", hosttest.FileSystem{Type: "ext4", NoFallocate: true}), fails("write", "/srv/.swapfile.swapctl", unix.EIO)}, args: plain + " --path /srv/swapfile", code: 1, says: "input/output error", hint: "dmesg", state: takenBack, acts: true},
		{name: "swapon that the kernel refuses", node: []shape{fails("swapon", "", unix.EINVAL)}, args: plain, code: 1, says: "invalid argument", hint: "dmesg | tail", state: takenBack, acts: true},
		{name: "swapon that root may not do", node: []shape{fails("swapon", "", unix.EPERM)}, args: plain, code: 1, says: "operation not permitted", hint: "container", state: takenBack, acts: true},
		{name: "swapon of an encrypted area without memory", node: []shape{fails("swapon", "", unix.ENOMEM)}, args: small, code: 1, says: "cannot allocate memory", hint: "free", state: takenBack, acts: true},
		{name: "header that cannot be written", node: []shape{fails("write", "/dev/dm-0", unix.EIO)}, args: small, code: 1, says: "write a swap header", hint: "dmesg", state: takenBack, acts: true},
		{name: "no randomness", node: []shape{fails("random", "", unix.ENOSYS)}, args: small, code: 1, says: "function not implemented", hint: "Linux 3.17", acts: true},
		{name: "swapon of a file that was erased for it", node: []shape{file("/swapfile", "dear diary", 0o600), fails("swapon", "", unix.EINVAL)}, args: plain + " --path /swapfile --erase", code: 1, says: "turn on swap on /swapfile", hint: "dmesg", state: erasedFor("/swapfile"), acts: true, left: []string{"/swapfile"}},
		{name: "swapon of a device that was erased for it", node: []shape{bytesAt("/dev/vdb", 0, "XFSB"), fails("swapon", "", unix.EINVAL)}, args: "setup --device /dev/disk/by-id/virtio-vdb --erase", code: 1, says: "turn on swap", hint: "dmesg", state: erasedFor("/dev/disk/by-id/virtio-vdb"), acts: true, left: []string{"/dev/vdb"}},
		{name: "neither forth nor back", node: []shape{fails("swapon", "", unix.EINVAL), fails("dmremove", "", unix.EBUSY)}, args: small, code: 1, says: "turn on swap", hint: "dmesg | tail", slow: true, state: "not everything could be undone: cannot close encrypted mapping cryptswap: device mapper: remove cryptswap: device or resource busy; swapctl teardown undoes the rest, swapctl setup tries again", acts: true, left: []string{"/"}},
		{name: "resize of an area that does not fit into memory", node: []shape{up("--size 2Gi --encrypt=false"), used(path, 1<<30), available(256 << 20), fullExcept}, args: "setup --size 1Gi --encrypt=false", code: 1, says: "1 GiB of it is in use", hint: "stop or move"},
	}
}

func badTeardowns() []situation {
	const path = setup.DefaultPath
	plain := up("--size 2Gi --encrypt=false")
	allThere := stillThere("swap on "+path, "swap header on "+path, "swap file "+path+", 2 GiB")
	journal := []string{setup.JournalPath}
	srv := mounted("/srv", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb"})
	return []situation{
		{name: "teardown by another user", node: []shape{plain, euid(1000)}, args: "teardown", code: 5, says: "only root", hint: "sudo"},
		{name: "teardown beside another swapctl", node: []shape{plain, locked}, args: "teardown", code: 6, says: "another swapctl", hint: "pgrep"},
		{name: "memory too short", node: []shape{plain, used(path, 1<<30), available(512 << 20)}, args: "teardown", code: 1, says: "1 GiB of it is in use, and only 512 MiB", hint: "teardown --force"},
		{name: "memory too short, only looking", node: []shape{plain, used(path, 1<<30), available(512 << 20)}, args: "teardown --dry-run", code: 1, says: "1 GiB of it is in use, and only 512 MiB", hint: "teardown --force"},
		{name: "memory that runs out on the way", node: []shape{plain, used(path, 1<<30), fails("swapoff", "", unix.ENOMEM)}, args: "teardown", code: 1, says: "too little memory", hint: "stop or move", state: allThere, acts: true, left: journal},
		{name: "memory that runs out by force", node: []shape{plain, used(path, 1<<30), available(512 << 20)}, args: "teardown --force", code: 1, says: "too little memory", hint: "stop or move", state: allThere, acts: true, left: journal},
		{name: "group that may not have in memory what it has in swap", node: []shape{plain, used(path, 1<<30), tightGroup}, args: "teardown", code: 1,
			says: "control group /kubepods.slice has 1 GiB in swap and 100 MiB in memory, and may have only 200 MiB in memory", hint: "/sys/fs/cgroup/kubepods.slice/memory.max"},
		{name: "swapoff that the kernel kills", node: []shape{plain, used(path, 1<<30), fails("swapoff", "", host.ErrSwapOffKilled)}, args: "teardown", code: 1, says: "swapoff was killed", hint: "stop or move", state: allThere, acts: true, left: journal},
		{name: "disk that cannot be read back", node: []shape{plain, fails("swapoff", "", unix.EIO)}, args: "teardown", code: 1, says: "input/output error", hint: "dmesg", state: allThere, acts: true, left: journal},
		{name: "file system unmounted lazily", node: []shape{srv, up("--size 8Mi --encrypt=false --path /srv/swapfile"), func(n *hosttest.Node) { n.UnmountLazily("/srv") }}, args: "teardown", code: 1, says: "unmounted while in use", hint: "mount the file system at /srv again"},
		{name: "file system not mounted", node: []shape{srv, up("--size 8Mi --encrypt=false --path /srv/swapfile"), (*hosttest.Node).Reboot, func(n *hosttest.Node) { n.UnmountLazily("/srv") }}, args: "teardown", code: 1, says: "it was made on the file system at /srv", hint: "mount /srv"},
		{name: "directory renamed while on", node: []shape{up("--size 8Mi --encrypt=false --path /var/cache/swapfile"), renamed("/var/cache", "/var/old")}, args: "teardown", code: 1, says: "a directory above it was renamed", hint: "mv -T /var/old /var/cache"},
		{name: "mapping in use by somebody else", node: []shape{up("--size 8Mi"), openedByOther("/dev/dm-0")}, args: "teardown", code: 1, says: "close encrypted mapping cryptswap", hint: "fuser -v /dev/dm-0", slow: true, state: stillThere("encryption /dev/mapper/cryptswap, aes-xts-plain64, 512-bit key", "swap file "+path+", 8 MiB"), acts: true, left: []string{"/"}},
		{name: "/proc/swaps gone bad at teardown", node: []shape{plain, fails("read", "/proc/swaps", unix.EIO)}, args: "teardown", code: 1, says: "/proc/swaps", hint: "/proc/swaps"},
		{name: "no room for the journal at teardown", node: []shape{plain, fails("write", setup.JournalPath, unix.ENOSPC)}, args: "teardown", code: 1, says: "write the journal", hint: "df -h /var/lib", acts: true},
	}
}

func badJournals() []situation {
	journal := func(lines ...string) []shape {
		return []shape{file(setup.JournalPath, strings.Join(lines, "\n")+"\n", 0o600)}
	}
	const head = `{"op":"journal","version":1}`
	damaged := journal(head, `{"op":"goal","goal":`, `{"op":"goal","goal":"up"}`)
	newer := journal(`{"op":"journal","version":99}`)
	unknown := journal(head, `{"op":"goal","goal":"up","config":{}}`, `{"op":"begin","id":"swap.telepathy","want":{},"saved":{}}`)
	return []situation{
		{name: "damaged journal, setup", node: damaged, args: "setup --size 8Mi", code: 1, says: "line 2 is damaged", hint: setup.JournalPath},
		{name: "damaged journal, teardown", node: damaged, args: "teardown", code: 1, says: "line 2 is damaged", hint: setup.JournalPath},
		{name: "journal of a newer version, setup", node: newer, args: "setup --size 8Mi", code: 1, says: "newer swapctl", hint: "swapctl"},
		{name: "journal of a newer version, teardown", node: newer, args: "teardown", code: 1, says: "newer swapctl", hint: "swapctl"},
		{name: "journal with an unknown step, setup", node: unknown, args: "setup --size 8Mi", code: 1, says: "swap.telepathy", hint: "use the swapctl that wrote it"},
		{name: "journal with an unknown step, teardown", node: unknown, args: "teardown", code: 1, says: "swap.telepathy", hint: "use the swapctl that wrote it"},
		{name: "journal that cannot be read", node: append(slices.Clip(damaged), fails("read", setup.JournalPath, unix.EIO)), args: "teardown", code: 1, says: "read the journal", hint: setup.JournalPath},
		{name: "status with a damaged /proc/swaps", node: []shape{file("/proc/swaps", "hello\n", 0o444)}, args: "status", code: 1, says: "/proc/swaps", hint: "/proc/swaps", state: noState},
	}
}

func interruptions() []situation {
	big := mounted("/srv", hosttest.FileSystem{Type: "ext4", Source: "/dev/vdb", TotalBytes: 8 << 40, FreeBytes: 8 << 40})
	return []situation{
		{
			name: "^C while the file is made", node: []shape{big}, args: "setup --size 1Ti --encrypt=false --path /srv/swapfile", wrap: interruptedFallocate,
			code: 130, says: "interrupted", hint: "run the same command again", state: takenBack, acts: true,
		},
		{
			name: "^C while swap is turned off", node: []shape{up("--size 2Gi --encrypt=false"), used(setup.DefaultPath, 1<<30), (*hosttest.Node).StickSwapOff}, args: "teardown", wrap: interruptedSwapOff,
			code: 130, says: "interrupted", hint: "run the same command again", acts: true,
			state: stillThere("swap on "+setup.DefaultPath, "swap header on "+setup.DefaultPath, "swap file "+setup.DefaultPath+", 2 GiB"), left: []string{setup.JournalPath, "/proc/swaps", "/proc/meminfo"},
		},
	}
}

// tightGroup is a group with more in swap than it may have in memory.
func tightGroup(n *hosttest.Node) {
	const group = "/sys/fs/cgroup/kubepods.slice/"
	n.WriteFile(group+"memory.swap.current", "1073741824\n", 0o444)
	n.WriteFile(group+"memory.max", "209715200\n", 0o644)
	n.WriteFile(group+"memory.stat", "anon 104857600\nfile 0\n", 0o444)
}

// interrupting is a kernel in whose calls somebody presses ^C.
type interrupting struct {
	host.Kernel
	fallocate, swapOff bool
}

func interruptedFallocate(h host.Host) host.Host {
	h.Kernel = &interrupting{Kernel: h.Kernel, fallocate: true}
	return h
}

func interruptedSwapOff(h host.Host) host.Host {
	h.Kernel = &interrupting{Kernel: h.Kernel, swapOff: true}
	return h
}

func (k *interrupting) Fallocate(f host.File, size int64) error {
	if k.fallocate {
		k.fallocate = false // a second ^C would kill the test
		interrupt()
	}
	time.Sleep(5 * time.Millisecond) // of several hundred calls: one of them comes after the signal
	return k.Kernel.Fallocate(f, size)
}

func (k *interrupting) SwapOffApart(ctx context.Context, path string) error {
	if k.swapOff {
		k.swapOff = false
		interrupt()
	}
	return k.Kernel.SwapOffApart(ctx, path)
}

func interrupt() { mustDo(syscall.Kill(os.Getpid(), syscall.SIGINT)) }

// erasedFor is the state after a run that erased and then failed.
func erasedFor(what string) string {
	return "everything this run did was undone, but the previous content of " + what + " is gone or damaged (--erase)"
}

// stillThere is the state after a teardown that did not come to its end.
func stillThere(titles ...string) string {
	return "still there: " + strings.Join(titles, "; ") + ". Run swapctl teardown again to continue, or swapctl setup to have swap again"
}

const someSwap = "Filename\tType\tSize\tUsed\tPriority\n"

func euid(uid int) shape { return func(n *hosttest.Node) { n.SetEUID(uid) } }

// locked has another process hold the lock.
func locked(n *hosttest.Node) {
	h := n.Other()
	dir := path.Dir(setup.JournalPath)
	if err := h.Files.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
		mustDo(err)
	}
	f, err := h.Files.Open(dir, os.O_RDONLY, 0)
	mustDo(err)
	mustDo(h.Kernel.Lock(f))
}

func removed(path string) shape {
	return func(n *hosttest.Node) { mustDo(os.Remove(n.Path(path))) }
}

func used(path string, bytes int64) shape { return func(n *hosttest.Node) { n.UseSwap(path, bytes) } }

func available(bytes int64) shape {
	return func(n *hosttest.Node) { n.SetAvailableMemory(bytes) }
}

// openedByOther has another process hold a device open.
func openedByOther(path string) shape {
	return func(n *hosttest.Node) {
		_, err := n.Other().Files.Open(path, os.O_RDONLY, 0)
		mustDo(err)
	}
}

// swapOn has somebody else make and turn on swap.
func swapOn(path string) shape {
	return func(n *hosttest.Node) {
		h := n.Other()
		mustDo(swapfile.WriteHeader(context.Background(), h, path, [16]byte{1}))
		mustDo(h.Kernel.SwapOn(path, 0))
	}
}

// fullExcept leaves no room for a second file beside the first.
func fullExcept(n *hosttest.Node) {
	n.SetFileSystem("/", hosttest.FileSystem{Type: "ext4", TotalBytes: 20 << 30, FreeBytes: 3<<30 + 512<<20})
}

func sortByName(rows []situation) {
	slices.SortFunc(rows, func(a, b situation) int { return strings.Compare(a.name, b.name) })
}
