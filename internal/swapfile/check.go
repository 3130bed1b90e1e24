package swapfile

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// Flags that internal/host does not need (include/uapi/linux/fs.h and
// fiemap.h).
const (
	inodeNoCompress = 0x00000400
	inodeEncrypted  = 0x00000800
	inodeVerity     = 0x00100000

	extentDataEncrypted = 0x00000080
)

// CheckFile checks whether the existing file at path is one that Make would
// have made: its size (a killed writer leaves a short one), mode 0600, owned by
// root, and every byte with a block of its own. Without it, problems show late:
// the kernel accepts a short or a world-readable file, and refuses the others
// at swapon with a bare EINVAL. The errors wrap fs.ErrNotExist if there is no
// file.
func CheckFile(h host.Host, path string, sizeBytes int64) error {
	op := "use the swap file " + path
	kind, err := FileSystemOf(h, path)
	if err != nil {
		return err
	}
	// Stat before opening: opening a named pipe would wait for its other end.
	st, err := h.Files.Lstat(path)
	if err != nil {
		return fail.New(0, op, err)
	}
	if !st.Mode.IsRegular() {
		return fail.Newf(0, op, "it is %s", kindOf(st))
	}
	f, err := h.Files.Open(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fail.New(0, op, err)
	}
	defer f.Close()
	return fail.New(0, op, checkOpen(h, f, kind, sizeBytes))
}

// checkOpen is CheckFile on an open file.
func checkOpen(h host.Host, f host.File, kind FileSystem, size int64) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	switch {
	case st.SizeBytes != size:
		return fmt.Errorf("it has %s (%d bytes), not %s (%d bytes)", bytesize.Format(st.SizeBytes), st.SizeBytes, bytesize.Format(size), size)
	case st.Mode.Perm() != 0o600:
		return fmt.Errorf("its mode is %#o, not 0600", st.Mode.Perm())
	case st.UID != 0:
		return fmt.Errorf("it belongs to user %d, not to root", st.UID)
	case st.LinksCount > 1:
		return fmt.Errorf("it has %d names (hard links)", st.LinksCount)
	}
	if err := checkFlags(h, f, kind); err != nil {
		return err
	}
	return checkBlocks(h, f, st, size)
}

// checkFlags refuses flags with which swapon(2) or a later writer fails.
func checkFlags(h host.Host, f host.File, kind FileSystem) error {
	flags, err := h.Kernel.InodeFlags(f)
	if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil // a file system without flags
	}
	if err != nil {
		return err
	}
	switch {
	case flags&(host.InodeImmutable|host.InodeAppend) != 0:
		return errors.New("it is immutable or append-only (chattr -ia would end that)")
	case flags&inodeEncrypted != 0:
		return errors.New("its file system encrypts it (fscrypt), and swap would be written past that")
	case flags&inodeVerity != 0:
		return errors.New("its file system verifies it (fs-verity), so it cannot be written")
	case flags&host.InodeCompress != 0:
		return errors.New("its file system compresses it")
	}
	if kind.NoCOW {
		return checkNoCOW(h, f)
	}
	return nil
}

// checkNoCOW makes sure that the file is not copy-on-write.
func checkNoCOW(h host.Host, f host.File) error {
	flags, err := h.Kernel.InodeFlags(f)
	if err != nil {
		return err
	}
	if flags&host.InodeNoCOW == 0 {
		return errors.New("it is copy-on-write: the NOCOW attribute (chattr +C) did not take, which it only does on an empty file")
	}
	return nil
}

// checkBlocks makes sure that every byte has a block that swap may overwrite.
func checkBlocks(h host.Host, f host.File, st host.Stat, size int64) error {
	extents, err := h.Kernel.Extents(f)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOTTY) {
		if st.UsedBytes < size { // without a map, the number of blocks shows most holes
			return fmt.Errorf("it has holes: %s of %s have blocks", bytesize.Format(st.UsedBytes), bytesize.Format(size))
		}
		return nil
	}
	if err != nil {
		return err
	}
	end := int64(0)
	for _, e := range extents {
		if e.Logical >= size {
			break // blocks allocated beyond the end do no harm
		}
		if e.Logical > end {
			return fmt.Errorf("it has a hole at byte %d", end)
		}
		if why := unfit(e.Flags); why != "" {
			return fmt.Errorf("at byte %d it is %s", e.Logical, why)
		}
		end = e.Logical + e.Length
	}
	if end < size {
		return fmt.Errorf("it has a hole at byte %d", end)
	}
	return nil
}

// unfit says why the kernel cannot, or should not, swap to an extent.
func unfit(flags uint32) string {
	switch {
	case flags&host.ExtentInline != 0, flags&host.ExtentTail != 0:
		return "stored among the file system's own data"
	case flags&host.ExtentShared != 0:
		return "shared with another file (a reflink or snapshot)"
	case flags&extentDataEncrypted != 0:
		return "encrypted by its file system"
	case flags&host.ExtentEncoded != 0:
		return "compressed or encoded"
	case flags&(host.ExtentUnknown|host.ExtentDelalloc) != 0:
		return "not on the disk yet"
	}
	return ""
}
