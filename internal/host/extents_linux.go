package host

import (
	"unsafe"
)

// FS_IOC_FIEMAP, _IOWR('f', 11, struct fiemap), the same on every architecture,
// and its flag that first writes dirty data to disk
// (include/uapi/linux/fiemap.h).
const (
	fsIocFiemap    = ioctlDirection | 32<<16 | 'f'<<8 | 11
	fiemapFlagSync = 1
	fiemapBatch    = 512 // extents per call, 28 KiB
)

// fiemap is struct fiemap with room for a batch of struct fiemap_extent.
type fiemap struct {
	start, length         uint64
	flags, mapped, extent uint32
	_                     uint32
	extents               [fiemapBatch]fiemapExtent
}

type fiemapExtent struct {
	logical, physical, length uint64
	_                         [2]uint64
	flags                     uint32
	_                         [3]uint32
}

// Extents implements Kernel.
func (linux) Extents(f File) ([]Extent, error) {
	var all []Extent
	m := new(fiemap)
	for start := uint64(0); ; {
		*m = fiemap{start: start, length: ^uint64(0) - start, flags: fiemapFlagSync, extent: fiemapBatch}
		if err := ioctl(fd(f), fsIocFiemap, unsafe.Pointer(m)); err != nil {
			return nil, pathError("read extents of", f.Name(), err)
		}
		for _, e := range m.extents[:min(m.mapped, fiemapBatch)] {
			all = append(all, Extent{
				Logical: int64(e.logical), Physical: int64(e.physical),
				Length: int64(e.length), Flags: e.flags,
			})
			if e.flags&ExtentLast != 0 {
				return all, nil
			}
			start = e.logical + e.length
		}
		if m.mapped == 0 {
			return all, nil
		}
	}
}
