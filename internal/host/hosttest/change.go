package hosttest

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// umask is that of the fake's processes.
const umask = 0o022

// Mkdir implements host.Files.
func (p *process) Mkdir(name string, perm fs.FileMode) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return pathError("mkdir", name, p.mkdir(name, perm))
}

func (p *process) mkdir(name string, perm fs.FileMode) error {
	n := p.node
	at, _, err := n.found(name, false)
	if at == "" {
		return err
	}
	if err == nil {
		return unix.EEXIST
	}
	if err := n.mayChange(path.Dir(at)); err != nil {
		return err
	}
	return p.act(Op{Name: "mkdir", Path: at}, func(bool) error {
		if err := os.Mkdir(n.Root+at, perm); err != nil {
			return err
		}
		n.fresh(at)
		return os.Chmod(n.Root+at, perm&^umask)
	})
}

// Symlink implements host.Files.
func (p *process) Symlink(target, name string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	err := p.symlink(target, name)
	if err == nil || errors.Is(err, ErrKilled) {
		return err
	}
	return &os.LinkError{Op: "symlink", Old: target, New: name, Err: errnoOf(err)}
}

func (p *process) symlink(target, name string) error {
	n := p.node
	at, _, err := n.found(name, false)
	if at == "" {
		return err
	}
	if err == nil {
		return unix.EEXIST
	}
	if err := n.mayChange(path.Dir(at)); err != nil {
		return err
	}
	return p.act(Op{Name: "symlink", Path: at, To: target}, func(bool) error {
		return n.link(at, target)
	})
}

// fresh forgets what an older file with the same inode number was.
func (n *Node) fresh(at string) {
	var st unix.Stat_t
	if unix.Lstat(n.Root+at, &st) == nil {
		delete(n.inodes, st.Ino)
		if n.euid != 0 {
			n.inode(st.Ino).uid = uint32(n.euid)
		}
		n.inherit(path.Dir(at), st.Ino)
	}
}

// inherit gives a new file the NOCOW flag of its directory, as btrfs does.
func (n *Node) inherit(dir string, ino uint64) {
	var st unix.Stat_t
	if unix.Lstat(n.Root+dir, &st) != nil {
		return
	}
	if d := n.inodes[st.Ino]; d != nil && d.flags&host.InodeNoCOW != 0 {
		n.inode(ino).flags |= host.InodeNoCOW
	}
}

// mayChange tells why names in a directory cannot be added or taken away.
func (n *Node) mayChange(dir string) error {
	st, err := n.lstat(dir)
	if err != nil {
		return err
	}
	if n.mountOf(dir).ReadOnly {
		return unix.EROFS
	}
	if i := n.inodes[st.Ino]; i != nil && i.flags&host.InodeImmutable != 0 {
		return unix.EPERM
	}
	return n.may(st, 2)
}

// mayLose tells why a name cannot be taken away or replaced (may_delete in
// fs/namei.c): an active swap file and an immutable one stay.
func (n *Node) mayLose(at string, st host.Stat) error {
	if err := n.mayChange(path.Dir(at)); err != nil {
		return err
	}
	i := n.inodes[st.Ino]
	switch {
	case n.isSwap(fileIdentity(st.Ino)):
		return unix.EPERM
	case i != nil && i.flags&(host.InodeImmutable|host.InodeAppend) != 0:
		return unix.EPERM
	case at != "/" && n.mountOf(at).point == at:
		return unix.EBUSY
	}
	return nil
}

// Remove implements host.Files.
func (p *process) Remove(name string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return pathError("remove", name, p.remove(name))
}

func (p *process) remove(name string) error {
	n := p.node
	at, st, err := n.found(name, false)
	if err != nil {
		return err
	}
	if err := n.mayLose(at, st); err != nil {
		return err
	}
	if entries, _ := os.ReadDir(n.Root + at); st.Mode.IsDir() && len(entries) > 0 {
		return unix.ENOTEMPTY
	}
	return p.act(Op{Name: "remove", Path: at}, func(bool) error {
		return n.unlink(at, st, !p.outside)
	})
}

// unlink takes a name away; ours says whether the program under test does it,
// who must not pull a file away from under a loop device.
func (n *Node) unlink(at string, st host.Stat, ours bool) error {
	if err := os.Remove(n.Root + at); err != nil {
		return err
	}
	for name, l := range n.loops {
		if l.ino != st.Ino {
			continue
		}
		if ours {
			n.violations = append(n.violations, "removed "+at+" while "+name+" uses it")
		}
		if err := n.setAttribute(name, "loop/backing_file", at+" (deleted)"); err != nil {
			return err
		}
	}
	if st.LinksCount <= 1 || st.Mode.IsDir() {
		n.forget(st.Ino)
	}
	return nil
}

// Rename is rename(2), as others use it.
func (p *process) Rename(from, to string) error { return p.renamed(from, to, false) }

// RenameNew implements host.Files.
func (p *process) RenameNew(from, to string) error { return p.renamed(from, to, true) }

func (p *process) renamed(from, to string, fresh bool) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	err := p.rename(from, to, fresh)
	if err == nil || errors.Is(err, ErrKilled) {
		return err
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: errnoOf(err)}
}

func (p *process) rename(from, to string, fresh bool) error {
	n := p.node
	old, err := n.resolve(from, false)
	if err != nil {
		return err
	}
	at, err := n.resolve(to, false)
	if err != nil {
		return err
	}
	st, err := n.lstat(old)
	if err != nil {
		return err
	}
	if n.mountOf(path.Dir(old)).point != n.mountOf(path.Dir(at)).point {
		return unix.EXDEV
	}
	if err := n.mayLose(old, st); err != nil {
		return err
	}
	if err := n.mayChange(path.Dir(at)); err != nil {
		return err
	}
	target, err := n.lstat(at)
	replaces := err == nil
	if replaces && fresh {
		return unix.EEXIST
	}
	if replaces {
		if err := n.mayLose(at, target); err != nil {
			return err
		}
	}
	return p.act(Op{Name: "rename", Path: old, To: at}, func(bool) error {
		if _, err := n.lstat(at); fresh && err == nil { // it came meanwhile (CallAt)
			return unix.EEXIST
		}
		if replaces && !target.SameFile(st) && !target.Mode.IsDir() {
			if err := n.unlink(at, target, !p.outside); err != nil {
				return err
			}
		}
		if err := os.Rename(n.Root+old, n.Root+at); err != nil {
			return err
		}
		n.realDirs.forget(at)
		return n.moved(old, at, st.Ino)
	})
}

// moved tells procfs and sysfs that a file, or a directory above it, has
// another name now.
func (n *Node) moved(old, at string, ino uint64) error {
	for name, l := range n.loops {
		if l.ino == ino {
			if err := n.setAttribute(name, "loop/backing_file", at); err != nil {
				return err
			}
		}
	}
	return n.renameAreas(old, at)
}

// SyncDir implements host.Files. Nothing is synced: the fake only counts.
func (p *process) SyncDir(name string) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	return pathError("open", name, p.syncDir(name))
}

func (p *process) syncDir(name string) error {
	at, err := p.node.existing(name)
	if err != nil {
		return err
	}
	if st, err := p.node.lstat(at); err != nil || !st.Mode.IsDir() {
		return errors.Join(err, unix.ENOTDIR)
	}
	return p.act(Op{Name: "syncdir", Path: at}, func(bool) error { return nil })
}
