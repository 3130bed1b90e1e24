package image

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// qemuModules returns the modules that a suite's kernel needs for its root disk
// and the agent's port, in loading order; all others are built in.
func qemuModules(suite string) []string {
	if suite == "bookworm" {
		return []string{"virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_blk", "virtio_console"}
	}
	return []string{"virtio_blk"}
}

// makeInitrd writes an initramfs with the guest program as /init and the
// modules.
func makeInitrd(path, root, guest string, modules []string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	packed := gzip.NewWriter(file)
	out := &cpio{w: bufio.NewWriter(packed)}
	out.dir("modules")
	var list strings.Builder
	for _, name := range modules {
		found, err := findModule(root, name)
		if err != nil {
			return err
		}
		fmt.Fprintln(&list, filepath.Base(found))
		out.copy("modules/"+filepath.Base(found), found, 0o644)
	}
	out.file("modules.list", []byte(list.String()), 0o644)
	out.copy("init", guest, 0o755)
	out.header("TRAILER!!!", 0, 0)
	if out.err != nil {
		return out.err
	}
	if err := out.w.Flush(); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return file.Close()
}

// findModule returns the path of a module of Debian's kernel; UML's modules, of
// another kernel, are beside them.
func findModule(root, name string) (string, error) {
	var found string
	err := filepath.WalkDir(filepath.Join(root, "usr/lib/modules"), func(path string, entry os.DirEntry, err error) error {
		base, _, _ := strings.Cut(entry.Name(), ".ko")
		if err == nil && !entry.IsDir() && base == name && strings.Contains(path, "-cloud-") {
			found = path
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("cannot find the module %s", name)
	}
	return found, err
}

// cpio writes the archive format of the kernel's initramfs ("newc"). It keeps
// the first error.
type cpio struct {
	w     *bufio.Writer
	inode int
	at    int
	err   error
}

func (c *cpio) write(data []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(data)
		c.at += len(data)
	}
}

func (c *cpio) pad() { c.write(make([]byte, -c.at&3)) }

func (c *cpio) header(name string, mode, size int) {
	c.inode++
	c.write(fmt.Appendf(nil, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		c.inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name)+1, 0))
	c.write([]byte(name + "\x00"))
	c.pad()
}

func (c *cpio) dir(name string) { c.header(name, 0o40755, 0) }

func (c *cpio) file(name string, content []byte, mode int) {
	c.header(name, 0o100000|mode, len(content))
	c.write(content)
	c.pad()
}

func (c *cpio) copy(name, path string, mode int) {
	file, err := os.Open(path)
	if err != nil {
		c.err = err
		return
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		c.err = err
		return
	}
	c.file(name, content, mode)
}
