package hosttest

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// BlockDevice implements host.Kernel.
func (p *process) BlockDevice(f host.File) (host.BlockDevice, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.BlockDevice{}, err
	}
	h, err := p.handle(f)
	if err == nil && h.block == "" {
		err = unix.ENOTTY
	}
	if err != nil {
		return host.BlockDevice{}, pathError("read size of", f.Name(), err)
	}
	whole := h.block
	if disk := p.node.wholeOf(h.block); disk != "" {
		whole = disk
	}
	logical, _ := strconv.Atoi(p.node.attribute(whole, "queue/logical_block_size"))
	return host.BlockDevice{
		SizeBytes: p.node.blockSize(h.block), LogicalBytes: max(512, logical), ReadOnly: p.node.attribute(h.block, "ro") == "1",
	}, nil
}
