package hosttest

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// parseTable checks a table as the target's constructor does.
func (p *process) parseTable(target string, sectors uint64, params []byte) (*table, error) {
	t := &table{target: target, sectors: sectors, params: string(blankKey(target, params))}
	words := bytes.Fields(params)
	switch {
	case sectors == 0:
		return nil, unix.EINVAL
	case target == "crypt":
		return t, p.parseCrypt(t, words)
	case target == "linear" && len(words) == 2:
		return t, p.node.parseBelow(t, string(words[0]), string(words[1]))
	case target == "error" || target == "zero":
		return t, nil
	}
	return nil, unix.EINVAL
}

// parseBelow finds the device of a table line, and checks that it is long
// enough (device_area_is_invalid in drivers/md/dm-table.c).
func (n *Node) parseBelow(t *table, dev, start string) error {
	if strings.HasPrefix(dev, "/") {
		at, err := n.existing(dev)
		if err != nil {
			return unix.ENODEV
		}
		t.below = n.blockName(at)
	} else {
		t.below = n.blockByDev(dev)
	}
	first, err := strconv.ParseUint(start, 10, 63)
	if err != nil {
		return unix.EINVAL
	}
	if t.below == "" {
		return unix.ENXIO
	}
	t.firstByte = int64(first * 512)
	if (first+t.sectors)*512 > uint64(n.blockSize(t.below)) {
		return unix.EINVAL
	}
	return nil
}
