package swapfile

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// CheckRoom checks whether a file of sizeBytes fits at p. The smaller of 5% of
// the file system and 1 GiB must stay free, so that the file does not cause
// disk pressure on the node. reuseBytes is what an old file there frees first.
// A file of more than half of the file system is refused unless force is set
// (--force-size). The errors are fail.Errors with the numbers.
func CheckRoom(h host.Host, p Place, sizeBytes, reuseBytes int64, force bool) error {
	op := "make a swap file of " + bytesize.Format(sizeBytes) + " at " + p.Path
	st, err := h.Kernel.Statfs(p.Dir)
	if err != nil {
		return fail.New(0, op, err)
	}
	margin, half := min(st.TotalBytes/20, 1<<30), st.TotalBytes/2
	free := st.AvailableBytes + reuseBytes
	if room := free - margin; sizeBytes > room {
		if !force {
			room = min(room, half)
		}
		e := fail.Newf(fail.Usage, op, "there is no room: %s are free there, and %s must stay free",
			bytesize.Format(free), bytesize.Format(margin))
		if room >= 1<<20 {
			e = e.Hint("choose a smaller size: --size %s", mebibytes(room))
		}
		return e.Hint("free some space there, or name a file on another file system with --path")
	}
	if sizeBytes > half && !force {
		return fail.Newf(fail.Usage, op, "that is more than half of its file system, which has %s", bytesize.Format(st.TotalBytes)).
			Hint("choose a smaller size: --size %s", mebibytes(half)).
			Hint("or insist with --force-size")
	}
	return nil
}

// mebibytes formats a size for --size, rounded down.
func mebibytes(bytes int64) string { return fmt.Sprintf("%dMi", bytes>>20) }
