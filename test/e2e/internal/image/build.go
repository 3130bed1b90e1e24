package image

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

//go:embed all:recipe
var recipe embed.FS

// The packages in the root file systems. In trixie the programs for crypttab
// and some of util-linux are separate packages.
const (
	packages = "systemd,systemd-sysv,dbus,udev,kmod,cryptsetup-bin,dmsetup,util-linux,mount,btrfs-progs,xfsprogs," +
		"e2fsprogs,procps,iproute2,strace,lvm2,mdadm"
	packagesTrixie = packages + ",systemd-cryptsetup,util-linux-extra"
	packagesNode   = packages + ",runc,containernetworking-plugins,iptables,conntrack,ethtool,socat"
)

// Builder makes what the lanes need. Parts that several lanes share are made
// only once.
type Builder struct {
	cache    cache
	programs Programs
	script   string // directory with the recipe's scripts
	mirror   string
	tools    map[string]func() (string, error)
	bare     map[string]func() (string, error)
}

// Programs are paths of what goes into images.
type Programs struct {
	Guest   string // into every machine
	Work    string // into the images of containers
	Cluster string // the module whose tools are Kubernetes
}

// NewBuilder returns a builder on the cache directory. Close removes what it keeps outside the cache.
func NewBuilder(ctx context.Context, dir string, programs Programs, log func(string, ...any)) (*Builder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the cache: %w", err)
	}
	script, err := os.MkdirTemp("", "e2e-recipe-")
	if err != nil {
		return nil, err
	}
	b := &Builder{cache: cache{dir: dir, log: log}, programs: programs, script: script, mirror: Mirror("/etc/apt")}
	if err := b.unpackRecipe(); err != nil {
		return nil, err
	}
	b.tools = map[string]func() (string, error){
		"uml":        sync.OnceValues(func() (string, error) { return b.makeTools(ctx, "uml", "sid", "user-mode-linux") }),
		"containerd": sync.OnceValues(func() (string, error) { return b.makeTools(ctx, "containerd", "sid", "containerd") }),
		"kubernetes": sync.OnceValues(func() (string, error) { return b.makeKubernetes(ctx) }),
		"qemu":       sync.OnceValues(func() (string, error) { return b.makeTools(ctx, "qemu", "trixie", "qemu-system-x86,qemu-utils") }),
	}
	b.bare = map[string]func() (string, error){
		"bookworm": sync.OnceValues(func() (string, error) { return b.makeBare(ctx, "bookworm", "bookworm", packages) }),
		"trixie":   sync.OnceValues(func() (string, error) { return b.makeBare(ctx, "trixie", "trixie", packagesTrixie) }),
		"node":     sync.OnceValues(func() (string, error) { return b.makeBare(ctx, "node", "bookworm", packagesNode) }),
	}
	return b, nil
}

// Close removes the unpacked recipe.
func (b *Builder) Close() error { return os.RemoveAll(b.script) }

func (b *Builder) unpackRecipe() error {
	return fs.WalkDir(recipe, "recipe", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(b.script, strings.TrimPrefix(path, "recipe"))
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := recipe.ReadFile(path)
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if strings.HasSuffix(path, ".sh") && !strings.Contains(path, "overlay") {
			mode = 0o755
		}
		return os.WriteFile(target, content, mode)
	})
}

// ingredients returns the content of recipe files, for the keys of the cache.
func ingredients(paths ...string) string {
	var all bytes.Buffer
	for _, root := range paths {
		_ = fs.WalkDir(recipe, "recipe/"+root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				content, _ := recipe.ReadFile(path)
				fmt.Fprintf(&all, "%s %d\n%s", path, len(content), content)
			}
			return err
		})
	}
	return all.String()
}

// run runs a script of the recipe; its output is shown only if it fails.
func (b *Builder) run(ctx context.Context, name string, args ...string) error {
	return run(ctx, filepath.Join(b.script, name), args...)
}

func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root"}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "TMPDIR"} {
		if value, set := os.LookupEnv(name); set {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	// Its own process group, so that all of it can be ended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), errors.Join(err, ctx.Err()), output.String())
	}
	return nil
}

func (b *Builder) makeTools(ctx context.Context, name, suite, packages string) (string, error) {
	return b.cache.get(ctx, "tools-"+name, toolsKey(suite, packages), func(ctx context.Context, dir string) error {
		return b.run(ctx, "tools.sh", suite, b.mirror, packages, dir)
	})
}

func toolsKey(suite, packages string) string { return key(ingredients("tools.sh"), suite, packages) }

func (b *Builder) makeBare(ctx context.Context, name, suite, packages string) (string, error) {
	return b.cache.get(ctx, "bare-"+name, bareKey(suite, packages), func(ctx context.Context, dir string) error {
		return b.run(ctx, "bare.sh", suite, b.mirror, packages, dir)
	})
}

func bareKey(suite, packages string) string {
	return key(ingredients("bare.sh", "kernel.sh"), suite, packages)
}
