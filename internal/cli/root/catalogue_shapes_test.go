package root_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// What makes a node bad, as rows of the catalogue put it together.

// up has setup succeed with these flags, as an earlier run.
func up(flags string) shape {
	return func(n *hosttest.Node) {
		must(n, "setup "+flags)
	}
}

func must(n *hosttest.Node, line string) {
	var out, errs bytes.Buffer
	code := root.Run(n.Host(), strings.Fields(line), cli.Process{Out: &out, Err: &errs, LookupEnv: func(string) (string, bool) { return "", false }})
	if code != 0 {
		panic(fmt.Sprintf("swapctl %s: exit code %d\n%s", line, code, errs.String()))
	}
}

// mustDo panics where a row's preparation goes wrong: it is the test's mistake.
func mustDo(err error) {
	if err != nil {
		panic(err)
	}
}

func file(path, content string, mode os.FileMode) shape {
	return func(n *hosttest.Node) { n.WriteFile(path, content, mode) }
}

func dir(path string, mode os.FileMode) shape {
	return func(n *hosttest.Node) {
		at := n.Path(path)
		mustDo(os.MkdirAll(at, 0o755))
		mustDo(os.Chmod(at, mode))
	}
}

func owner(path string, uid, gid uint32) shape {
	return func(n *hosttest.Node) { n.SetOwner(path, uid, gid) }
}

func link(path, target string) shape {
	return func(n *hosttest.Node) { n.Symlink(path, target) }
}

func disk(name string, bytes int64) shape {
	return func(n *hosttest.Node) { n.AddDisk(name, bytes) }
}

func mounted(point string, f hosttest.FileSystem) shape {
	return func(n *hosttest.Node) { n.SetFileSystem(point, f) }
}

func fails(op, path string, err error) shape {
	return func(n *hosttest.Node) { n.FailOn(op, path, err) }
}

// bytesAt writes to a file or device of the node, below all its rules.
func bytesAt(path string, offset int64, data string) shape {
	return func(n *hosttest.Node) {
		f, err := os.OpenFile(n.Path(path), os.O_WRONLY, 0)
		mustDo(err)
		_, err = f.WriteAt([]byte(data), offset)
		mustDo(err)
		mustDo(f.Close())
	}
}

// allocated makes an empty file whose blocks are all there, mode 0600.
func allocated(path string, bytes int64) shape {
	return func(n *hosttest.Node) {
		files := n.Other()
		mustDo(os.MkdirAll(filepath.Dir(n.Path(path)), 0o755))
		f, err := files.Files.Open(path, os.O_RDWR|os.O_CREATE, 0o600)
		mustDo(err)
		mustDo(files.Kernel.Fallocate(f, bytes))
		mustDo(f.Close())
	}
}

// renamed gives a directory another name.
func renamed(from, to string) shape {
	return func(n *hosttest.Node) { mustDo(n.Other().Files.RenameNew(from, to)) }
}
