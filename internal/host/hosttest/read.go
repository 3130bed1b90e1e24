package hosttest

import (
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// ReadFile implements host.Files.
func (p *process) ReadFile(name string, most int64) ([]byte, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	at, err := p.readable(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	data, err := slurp(p.node.Root + at)
	if int64(len(data)) > most {
		return nil, host.TooLarge(name, most)
	}
	return data, pathError("read", name, err)
}

// ReadDir implements host.Files.
func (p *process) ReadDir(name string) ([]string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	at, err := p.readable(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	names, err := namesIn(p.node.Root + at)
	return names, pathError("readdir", name, err)
}

// readable resolves the name of something that is there and may be read.
func (p *process) readable(name string) (string, error) {
	at, st, err := p.node.found(name, true)
	if err != nil {
		return "", err
	}
	if err := p.ruled("read", at); err != nil {
		return "", err
	}
	return at, p.node.may(st, 4)
}

// may is the permission check of an ordinary user; root may everything. want
// is 4 to read, 2 to write.
func (n *Node) may(st host.Stat, want fs.FileMode) error {
	if n.euid == 0 {
		return nil
	}
	shift := 0
	if int(st.UID) == n.euid {
		shift = 6
	}
	if st.Mode.Perm()>>shift&want == 0 {
		return unix.EACCES
	}
	return nil
}

// Readlink implements host.Files.
func (p *process) Readlink(name string) (string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return "", err
	}
	if name == "/proc/self/cwd" && p.node.dir != "" {
		return p.node.dir, nil
	}
	at, err := p.node.resolve(name, false)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	target, err := readlink(p.node.Root + at)
	return target, pathError("readlink", name, err)
}

// EvalSymlinks implements host.Files.
func (p *process) EvalSymlinks(name string) (string, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return "", err
	}
	at, err := p.node.existing(name)
	if err != nil {
		return "", pathError("lstat", name, err)
	}
	return at, nil
}

// Stat implements host.Files.
func (p *process) Stat(name string) (host.Stat, error) { return p.stat("stat", name, true) }

// Lstat implements host.Files.
func (p *process) Lstat(name string) (host.Stat, error) { return p.stat("lstat", name, false) }

func (p *process) stat(op, name string, follow bool) (host.Stat, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return host.Stat{}, err
	}
	_, st, err := p.node.found(name, follow)
	return st, pathError(op, name, err)
}

// PageSize implements host.Kernel.
func (p *process) PageSize() int {
	p.node.mu.Lock()
	defer p.node.mu.Unlock()
	return p.node.pageBytes
}

// EUID implements host.Kernel.
func (p *process) EUID() int {
	p.node.mu.Lock()
	defer p.node.mu.Unlock()
	return p.node.euid
}
