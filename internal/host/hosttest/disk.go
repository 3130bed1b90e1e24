package hosttest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// AddDisk adds an empty disk with its sysfs entries and, as udev would, a
// /dev/disk/by-id link. The name decides the kind: vda, sda, nvme0n1, zram0,
// md0. The node in /dev is a sparse file of that many bytes.
func (n *Node) AddDisk(name string, bytes int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.must(n.layDisk(name, bytes))
}

// AddPartition adds partition number of a disk ("vdb", 1 is vdb1). Its contents
// are a file of their own, not a part of the disk's.
func (n *Node) AddPartition(disk string, number int, bytes int64) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, err := n.layPartition(disk, number, bytes)
	n.must(err)
	return name
}

func (n *Node) layDisk(name string, bytes int64) error {
	index := diskIndex(name)
	major, minor, dir := 254, 16*index, "/sys/devices/virtual/block"
	switch {
	case strings.HasPrefix(name, "sd"):
		major = 8
	case strings.HasPrefix(name, "nvme"):
		major = 259
	case strings.HasPrefix(name, "zram"):
		major, minor = 252, index
	case strings.HasPrefix(name, "md"):
		major, minor = 9, index
	}
	physical := major != 252 && major != 9
	if physical {
		dir = fmt.Sprintf("/sys/devices/pci0000:00/0000:00:%02x.0/block", index+4)
	}
	if err := n.layBlock(dir+"/"+name, fmt.Sprintf("%d:%d", major, minor), bytes); err != nil {
		return err
	}
	if !physical {
		return nil
	}
	return n.link("/dev/disk/by-id/virtio-"+name, "../../"+name)
}

// diskIndex numbers a disk by the end of its name: vdb is 1, zram0 is 0.
func diskIndex(name string) int {
	last := name[len(name)-1]
	if last >= 'a' {
		return int(last - 'a')
	}
	return int(last - '0')
}

func (n *Node) layPartition(disk string, number int, bytes int64) (string, error) {
	dir, err := n.resolve("/sys/class/block/"+disk, true)
	if err != nil {
		return "", err
	}
	dev := parseDev(n.attribute(disk, "dev"))
	name := disk + strconv.Itoa(number)
	if last := disk[len(disk)-1]; last >= '0' && last <= '9' {
		name = disk + "p" + strconv.Itoa(number)
	}
	at := dir + "/" + name
	number64 := fmt.Sprintf("%d:%d", unix.Major(dev), int(unix.Minor(dev))+number)
	if err := n.layBlock(at, number64, bytes); err != nil {
		return "", err
	}
	if err := n.put(at+"/partition", strconv.Itoa(number)+"\n"); err != nil {
		return "", err
	}
	if err := n.put(at+"/start", strconv.Itoa(2048*number)+"\n"); err != nil {
		return "", err
	}
	id := fmt.Sprintf("5eed%04x-%02d", diskIndex(disk), number)
	if err := n.link("/dev/disk/by-partuuid/"+id, "../../"+name); err != nil {
		return "", err
	}
	return name, n.link(fmt.Sprintf("/dev/disk/by-id/virtio-%s-part%d", disk, number), "../../"+name)
}

// layBlock registers a block device: its sysfs directory, the links to it, and
// the node in /dev with contents of that many bytes.
func (n *Node) layBlock(dir, dev string, bytes int64) error {
	name := path.Base(dir)
	for _, sub := range []string{"holders", "slaves"} {
		if err := os.MkdirAll(n.Root+dir+"/"+sub, 0o755); err != nil {
			return err
		}
	}
	for file, content := range map[string]string{
		"dev": dev, "ro": "0", "size": strconv.FormatInt(bytes/512, 10),
	} {
		if err := n.put(dir+"/"+file, content+"\n"); err != nil {
			return err
		}
	}
	n.blocks[name] = dir
	_, err := os.Lstat(n.Root + path.Dir(dir) + "/dev")
	if partition := err == nil; !partition {
		if err := n.layWhole(dir, dev); err != nil {
			return err
		}
	}
	for _, link := range []string{"/sys/class/block/" + name, "/sys/dev/block/" + dev} {
		if err := n.link(link, relative(link, dir)); err != nil {
			return err
		}
	}
	return n.layContents(name, bytes)
}

// layWhole adds what a partition does not have.
func (n *Node) layWhole(dir, _ string) error {
	for file, content := range map[string]string{
		"queue/logical_block_size": "512", "queue/rotational": "0", "removable": "0",
	} {
		if err := n.put(dir+"/"+file, content+"\n"); err != nil {
			return err
		}
	}
	link := "/sys/block/" + path.Base(dir)
	return n.link(link, relative(link, dir))
}

func (n *Node) layContents(name string, bytes int64) error {
	if err := n.put("/dev/"+name, ""); err != nil {
		return err
	}
	return os.Truncate(n.Root+"/dev/"+name, bytes)
}

// dropBlock unregisters a block device.
func (n *Node) dropBlock(name string) {
	dev := n.attribute(name, "dev")
	at, err := n.resolve("/sys/class/block/"+name, true)
	if err != nil || dev == "" {
		return // not registered yet
	}
	delete(n.blocks, name)
	for _, p := range []string{"/sys/dev/block/" + dev, "/sys/class/block/" + name, "/sys/block/" + name, at, "/dev/" + name} {
		_ = os.RemoveAll(n.Root + p)
	}
}

// attribute reads a file of a block device in sysfs; "" when there is none.
func (n *Node) attribute(name, file string) string {
	if dir := n.blocks[name]; dir != "" {
		return strings.TrimSpace(n.text(dir + "/" + file)) // only put changes it
	}
	text, err := slurp(n.Root + "/sys/class/block/" + name + "/" + file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (n *Node) setAttribute(name, file, content string) error {
	at, err := n.resolve("/sys/class/block/"+name, true)
	if err != nil {
		return err
	}
	return n.put(at+"/"+file, content+"\n")
}

// blockSize is a block device's size in bytes.
func (n *Node) blockSize(name string) int64 {
	sectors, _ := strconv.ParseInt(n.attribute(name, "size"), 10, 64)
	return sectors * 512
}

// blockName is the kernel name of the block device whose node is at a real
// name of the machine; "" when it is none.
func (n *Node) blockName(at string) string {
	name, ok := strings.CutPrefix(at, "/dev/")
	if !ok || strings.Contains(name, "/") || n.attribute(name, "dev") == "" {
		return ""
	}
	return name
}

// blockByDev is the kernel name of a device number "7:0"; "" when there is none.
func (n *Node) blockByDev(dev string) string {
	at, err := n.resolve("/sys/dev/block/"+dev, true)
	if err != nil {
		return ""
	}
	if _, err := os.Lstat(n.Root + at); err != nil {
		return ""
	}
	return path.Base(at)
}

// wholeOf is the disk of a partition, and "" for anything else.
func (n *Node) wholeOf(name string) string {
	if n.attribute(name, "partition") == "" {
		return ""
	}
	at, err := n.resolve("/sys/class/block/"+name, true)
	if err != nil {
		return ""
	}
	return path.Base(path.Dir(at))
}

// partsOf lists the partitions of a disk.
func (n *Node) partsOf(name string) []string {
	var parts []string
	for _, part := range n.listed(name, ".") { // named after it: vdb1, nvme0n1p1
		if strings.HasPrefix(part, name) && n.attribute(part, "partition") != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// stack records in sysfs that upper stands on lower.
func (n *Node) stack(upper, lower string) error {
	up, err := n.resolve("/sys/class/block/"+upper, true)
	if err != nil {
		return err
	}
	low, err := n.resolve("/sys/class/block/"+lower, true)
	if err != nil {
		return err
	}
	slave, holder := up+"/slaves/"+lower, low+"/holders/"+upper
	if err := n.link(slave, relative(slave, low)); err != nil {
		return err
	}
	return n.link(holder, relative(holder, up))
}

func (n *Node) unstack(upper, lower string) {
	_ = os.Remove(filepath.Join(n.Root, "sys/class/block", upper, "slaves", lower))
	_ = os.Remove(filepath.Join(n.Root, "sys/class/block", lower, "holders", upper))
}

// listed gives the names in a directory of a block device in sysfs.
func (n *Node) listed(name, dir string) []string {
	names, _ := namesIn(n.Root + "/sys/class/block/" + name + "/" + dir)
	return names
}
