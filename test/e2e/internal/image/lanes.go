package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// Lanes are the names of all lanes: User-Mode Linux on the root of Debian 12, Debian 12 and 13 as they are, and
// the first of them as the nodes of a cluster.
func Lanes() []string { return []string{"uml", "bookworm", "trixie", "cluster"} }

// Lane makes everything that one lane boots from and returns where it is.
// Several lanes may be made at the same time.
func (b *Builder) Lane(ctx context.Context, lane, workDir string) (machine.Options, error) {
	suite, kind := lane, "qemu"
	switch lane {
	case "uml":
		suite, kind = "bookworm", "uml"
	case "cluster":
		return b.nodes(ctx, workDir)
	}
	var tools string
	var toolsErr error
	var both sync.WaitGroup
	both.Go(func() { tools, toolsErr = b.tools[kind]() })
	image, err := b.image(ctx, suite)
	both.Wait()
	if err != nil {
		return machine.Options{}, err
	}
	if toolsErr != nil {
		return machine.Options{}, toolsErr
	}
	options := machine.Options{
		Lane: lane, Images: b.cache.dir, Image: image + "/root.ext4", Kernel: image + "/vmlinuz", Initrd: image + "/initrd",
		Tools: filepath.Join(b.cache.dir, tools), WorkDir: workDir,
	}
	if kind == "qemu" {
		options.Warm, err = b.warm(ctx, options, image, tools)
	}
	return options, err
}

// image makes the root image of a suite. That of bookworm also contains UML's
// modules.
func (b *Builder) image(ctx context.Context, suite string) (string, error) {
	guest, err := os.ReadFile(b.programs.Guest)
	if err != nil {
		return "", fmt.Errorf("cannot read the guest program: %w", err)
	}
	ofBare, ofTools := bareKey(suite, packagesTrixie), ""
	if suite == "bookworm" {
		ofBare, ofTools = bareKey(suite, packages), toolsKey("sid", "user-mode-linux")
	}
	key := key(ingredients("assemble.sh", "overlay"), string(guest), ofBare, ofTools, "1")
	return b.cache.get(ctx, "image-"+suite, key, func(ctx context.Context, dir string) error {
		return b.makeImage(ctx, suite, dir)
	})
}

func (b *Builder) makeImage(ctx context.Context, suite, dir string) error {
	var umlModules string
	var umlErr error
	var both sync.WaitGroup
	if suite == "bookworm" {
		both.Go(func() { umlModules, umlErr = b.umlModules() })
	}
	bare, err := b.bare[suite]()
	both.Wait()
	if err != nil {
		return err
	}
	if umlErr != nil {
		return umlErr
	}
	root, err := b.assemble(ctx, bare, umlModules, dir)
	if err != nil {
		return err
	}
	if err := makeInitrd(filepath.Join(dir, "initrd"), root, b.programs.Guest, qemuModules(suite)); err != nil {
		return err
	}
	if err := run(ctx, "cp", filepath.Join(root, "boot/vmlinuz"), dir); err != nil {
		return err
	}
	return makeDisk(ctx, root, filepath.Join(dir, "root.ext4"))
}

// umlModules is the directory of the modules of User-Mode Linux.
func (b *Builder) umlModules() (string, error) {
	tools, err := b.tools["uml"]()
	if err != nil {
		return "", err
	}
	found, _ := filepath.Glob(filepath.Join(b.cache.dir, tools, "usr/lib/uml/modules/*"))
	if len(found) != 1 {
		return "", fmt.Errorf("cannot find UML's modules: %v", found)
	}
	return found[0], nil
}

// assemble makes the root of a test machine in the directory.
func (b *Builder) assemble(ctx context.Context, bare, umlModules, dir string) (string, error) {
	root := filepath.Join(dir, "root")
	// Hard links, not copies: assemble.sh replaces what it changes.
	if err := run(ctx, "cp", "--archive", "--link", filepath.Join(b.cache.dir, bare), root); err != nil {
		return "", err
	}
	return root, b.run(ctx, "assemble.sh", root, filepath.Join(b.script, "overlay"), b.programs.Guest, umlModules)
}

// makeDisk turns the root into a disk image.
func makeDisk(ctx context.Context, root, disk string) error {
	err := run(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, "-L", "root",
		"-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", disk, "4G")
	if err != nil {
		return err
	}
	return os.RemoveAll(root)
}

// warm makes the snapshot of a booted machine.
func (b *Builder) warm(ctx context.Context, options machine.Options, image, tools string) (string, error) {
	key := key(image, tools, machine.WarmRecipe())
	return b.cache.get(ctx, "warm-"+options.Lane, key, func(ctx context.Context, dir string) error {
		return machine.Warm(ctx, options, dir)
	})
}
