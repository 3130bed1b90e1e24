package hosttest

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// SetEUID makes the processes run as another user than root.
func (n *Node) SetEUID(uid int) { n.locked(func() { n.euid = uid }) }

// SetPageSize sets the machine's page size in bytes.
func (n *Node) SetPageSize(bytes int) { n.locked(func() { n.pageBytes = bytes }) }

// NoDeviceMapper takes the device mapper out of the kernel.
func (n *Node) NoDeviceMapper() {
	n.locked(func() {
		n.missing.deviceMapper, n.missing.crypt = true, true
		_ = os.Remove(n.Root + "/dev/mapper/control")
	})
}

// NoDMCrypt takes only the crypt target out of the kernel.
func (n *Node) NoDMCrypt() { n.locked(func() { n.missing.crypt = true }) }

// NoKeyring takes the keyrings out of the kernel.
func (n *Node) NoKeyring() { n.locked(func() { n.missing.keyring = true }) }

// NoLoop takes loop devices out of the kernel.
func (n *Node) NoLoop() {
	n.locked(func() {
		n.missing.loop = true
		_ = os.Remove(n.Root + "/dev/loop-control")
	})
}

// NoLoopFree has all loop devices in use (ENOSPC).
func (n *Node) NoLoopFree() { n.locked(func() { n.missing.freeLoop = true }) }

// SetOwner gives a file to a user.
func (n *Node) SetOwner(name string, uid, gid uint32) {
	n.locked(func() {
		ino, err := inoOf(n.Path(name))
		n.must(err)
		n.inode(ino).uid, n.inode(ino).gid = uid, gid
	})
}

// SetExtentFlags has FIEMAP report all extents of a file with these flags:
// host.ExtentShared after a reflink copy, host.ExtentEncoded when compressed.
func (n *Node) SetExtentFlags(name string, flags uint32) {
	n.locked(func() {
		ino, err := inoOf(n.Path(name))
		n.must(err)
		n.inode(ino).extentFlags = flags
	})
}

// WriteFile writes a file of the machine, as the test's hand and not as an
// operation. Its directories are made.
func (n *Node) WriteFile(name, content string, mode os.FileMode) {
	n.locked(func() {
		at, err := n.resolve(name, true)
		if err != nil {
			at = name
		}
		n.must(n.put(at, content))
		n.remember(at, content)
		n.must(os.Chmod(n.Root+at, mode))
		if ino, err := inoOf(n.Root + at); err == nil {
			delete(n.inodes, ino)
		}
	})
}

// Symlink makes a symbolic link of the machine.
func (n *Node) Symlink(name, target string) { n.locked(func() { n.must(n.link(name, target)) }) }

// LoseNode has udev never make /dev/mapper/NAME, and takes away the one that is
// there: only sysfs knows the mapping then.
func (n *Node) LoseNode(mapping string) { n.LateNode(mapping, -1) }

// LateNode has udev make /dev/mapper/NAME only after the processes have made so
// many more calls of any kind.
func (n *Node) LateNode(mapping string, calls int) {
	n.locked(func() {
		n.nodes[mapping] = calls
		_ = os.Remove(n.Root + "/dev/mapper/" + mapping)
	})
}

// UseSwap has the kernel swap out so many bytes to the area at this path.
func (n *Node) UseSwap(name string, bytes int64) {
	n.locked(func() {
		areas := n.swaps()
		at, err := n.existing(name)
		n.must(err)
		for i, a := range areas {
			if a.identity == n.identify(at) {
				areas[i].used = min(bytes/1024, a.size)
				n.must(n.setSwaps(areas))
				return
			}
		}
		panic("hosttest: no swap is on at " + name)
	})
}

// SetAvailableMemory sets MemAvailable: swapoff of more than that is ENOMEM.
func (n *Node) SetAvailableMemory(bytes int64) {
	n.locked(func() { n.must(n.setMeminfo("MemAvailable", bytes/1024)) })
}

// SetMemory sets MemTotal.
func (n *Node) SetMemory(bytes int64) {
	n.locked(func() { n.must(n.setMeminfo("MemTotal", bytes/1024)) })
}

// StickSwapOff has SwapOff take for ever: it ends only with its context.
func (n *Node) StickSwapOff() { n.locked(func() { n.faults.stuckSwapOff = true }) }

// DeleteBacking deletes a file as if by an administrator; a loop over it goes
// on, and says "(deleted)".
func (n *Node) DeleteBacking(name string) {
	n.locked(func() {
		at, err := n.existing(name)
		n.must(err)
		st, err := n.lstat(at)
		n.must(err)
		n.must(n.unlink(at, st, false))
	})
}

// UnmountLazily does what umount -l does: the files are out of reach, swap on
// them goes on, and /proc/swaps shows their paths without the mount point.
func (n *Node) UnmountLazily(point string) {
	n.locked(func() {
		areas := n.swaps()
		for i, a := range areas {
			if within(a.path, point) && point != "/" {
				areas[i].path = strings.TrimPrefix(a.path, point)
			}
		}
		away := filepath.Join(n.Root+".detached", point)
		n.must(os.MkdirAll(path.Dir(away), 0o755))
		n.must(os.Rename(n.Root+point, away))
		n.must(os.Mkdir(n.Root+point, 0o755))
		n.detached[point] = away
		n.must(n.put("/proc/self/mountinfo", strings.Join(n.mountsBut(point), "\n")+"\n"))
		n.must(n.setSwaps(areas))
	})
}

// MountAgain undoes UnmountLazily, but for the paths in /proc/swaps. The file
// system's properties are given again by SetFileSystem.
func (n *Node) MountAgain(point string) {
	n.locked(func() {
		n.must(os.Remove(n.Root + point))
		n.must(os.Rename(n.detached[point], n.Root+point))
		delete(n.detached, point)
	})
}

// Reboot kills all processes and forgets what a reboot loses: swap, loops,
// mappings (but logical volumes and LUKS, which a boot brings back), /run and
// /tmp. Files stay; what an encrypted mapping held is garbage for the next key.
func (n *Node) Reboot() {
	n.Kill()
	n.locked(func() {
		n.must(n.setSwaps(nil))
		for name, m := range n.all() {
			if !strings.HasPrefix(m.uuid, "LVM-") && !strings.HasPrefix(m.uuid, "CRYPT-LUKS") {
				delete(n.mappings, name)
				n.dropMapping(m)
			}
		}
		for name := range n.loops {
			n.clearLoop(name)
		}
		loops, _ := filepath.Glob(n.Root + "/sys/block/loop*")
		for _, dir := range loops {
			n.dropBlock(filepath.Base(dir))
		}
		for _, dir := range []string{"/run", "/tmp", "/dev/shm"} {
			entries, _ := os.ReadDir(n.Root + dir)
			for _, e := range entries {
				n.must(os.RemoveAll(filepath.Join(n.Root, dir, e.Name())))
			}
		}
		_ = os.Mkdir(n.Root+"/run/lock", 0o755)
		n.bootSettings()
		n.bootUnits()
	})
	n.bootTable()
}

func (n *Node) locked(do func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	do()
}
