package area

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// mostAreas is how many areas a kernel has at least: MAX_SWAPFILES is 32 less those
// that migration and others take (include/linux/swap.h, Linux 6.12: up to 9).
const mostAreas = 23

// swapOnHints say what an errno of swapon(2) means for this node and file: the
// cause that applies, of several.
func swapOnHints(h host.Host, node string, err error) []string {
	switch {
	case errors.Is(err, unix.EPERM) && immutable(h, node):
		return []string{"nobody may change the file while it is immutable: chattr -i " + node}
	case errors.Is(err, unix.EPERM) && areasOn(h) >= mostAreas:
		return []string{fmt.Sprintf("the kernel has %d swap areas, which are as many as it can have: swapon --show; turn one off first", areasOn(h))}
	case errors.Is(err, unix.EPERM):
		return []string{
			"in a container root may not turn on swap: run swapctl on the node itself",
			"or a security module forbids it: dmesg | tail",
		}
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.ETXTBSY):
		return []string{"it is in use already: swapon --show; lsblk"}
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES):
		return []string{"it cannot be written to: findmnt -T " + node + "; lsblk -o NAME,RO"}
	case errors.Is(err, unix.EIO):
		return []string{"the disk could not be read, it may be failing: dmesg | tail"}
	case errors.Is(err, unix.ENOMEM):
		return []string{"the kernel needs some memory for each area: free -h; stop or move some of the workload, or choose a smaller --size"}
	}
	return []string{"the kernel says why: dmesg | tail"}
}

func immutable(h host.Host, name string) bool {
	f, err := h.Files.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	flags, err := h.Kernel.InodeFlags(f)
	return err == nil && flags&host.InodeImmutable != 0
}

func areasOn(h host.Host) int {
	swaps, err := kernel.Swaps(h)
	if err != nil {
		return 0
	}
	return len(swaps)
}

// commitForbids says that the kernel will refuse to turn off areas of so many
// bytes in all, and what helps, "" if it will not: with vm.overcommit_memory=2
// it refuses with ENOMEM although little is in use and memory is free.
func commitForbids(h host.Host, areaBytes int64) (why string, hints []string, err error) {
	c, err := kernel.ReadCommit(h)
	if err != nil || !c.Forbids(areaBytes) {
		return "", nil, err
	}
	return fmt.Sprintf("with vm.overcommit_memory=2 the kernel promises at most %s to processes (CommitLimit), of which %s are promised (Committed_AS), and the area is %s of that",
			bytesize.Format(c.LimitBytes), bytesize.Format(c.CommittedBytes), bytesize.Format(areaBytes)),
		[]string{
			"let it promise more for that time: sysctl -w vm.overcommit_memory=0; run the command again; sysctl -w vm.overcommit_memory=2",
			"or stop or move some of the workload: grep -i commit /proc/meminfo",
		}, nil
}

// swapOffHints say what an errno of swapoff(2) means, besides ENOMEM.
func swapOffHints(node string, err error) []string {
	switch {
	case errors.Is(err, unix.EIO):
		return []string{"the disk could not be read: see dmesg | tail, and drain the node before its processes need what was swapped out"}
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT):
		return []string{"the kernel has no area by this name, another file system may be mounted over it: cat /proc/swaps; findmnt -T " + node}
	case errors.Is(err, unix.EPERM):
		return []string{"in a container root may not turn off swap: run swapctl on the node itself"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.Is(err, unix.EINTR):
		return []string{"a signal stopped it; run the command again: it continues where it stopped"}
	}
	return []string{"the kernel says why: dmesg | tail"}
}
