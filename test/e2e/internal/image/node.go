package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// nodes makes what the nodes of a cluster boot from, and the programs of the control plane.
func (b *Builder) nodes(ctx context.Context, workDir string) (machine.Options, error) {
	kubernetes, err := b.tools["kubernetes"]()
	if err != nil {
		return machine.Options{}, err
	}
	image, err := b.nodeImage(ctx, kubernetes)
	if err != nil {
		return machine.Options{}, err
	}
	tools, err := b.tools["uml"]()
	if err != nil {
		return machine.Options{}, err
	}
	return machine.Options{
		Lane: "cluster", Images: b.cache.dir, Image: image + "/root.ext4", Tools: filepath.Join(b.cache.dir, tools),
		Kubernetes: filepath.Join(b.cache.dir, kubernetes), WorkDir: workDir,
	}, nil
}

func (b *Builder) nodeImage(ctx context.Context, kubernetes string) (string, error) {
	ingredients := []string{
		ingredients("assemble.sh", "overlay", "node.sh", "node"), kubernetes, bareKey("bookworm", packagesNode),
		toolsKey("sid", "user-mode-linux"), toolsKey("sid", "containerd"), fmt.Sprint(containerImages),
	}
	for _, program := range []string{b.programs.Guest, b.programs.Work} {
		content, err := os.ReadFile(program)
		if err != nil {
			return "", fmt.Errorf("cannot read a program for the images: %w", err)
		}
		ingredients = append(ingredients, string(content))
	}
	return b.cache.get(ctx, "image-node", key(ingredients...), func(ctx context.Context, dir string) error {
		return b.makeNodeImage(ctx, filepath.Join(b.cache.dir, kubernetes), dir)
	})
}

func (b *Builder) makeNodeImage(ctx context.Context, kubernetes, dir string) error {
	var modules, containerd string
	var modulesErr, containerdErr error
	var both sync.WaitGroup
	both.Go(func() { modules, modulesErr = b.umlModules() })
	both.Go(func() { containerd, containerdErr = b.tools["containerd"]() })
	bare, err := b.bare["node"]()
	both.Wait()
	for _, err := range []error{err, modulesErr, containerdErr} {
		if err != nil {
			return err
		}
	}
	root, err := b.assemble(ctx, bare, modules, dir)
	if err != nil {
		return err
	}
	images := filepath.Join(dir, "images.tar")
	if err := writeImages(images, b.programs.Work); err != nil {
		return err
	}
	err = b.run(ctx, "node.sh", root, filepath.Join(b.script, "node"), filepath.Join(b.cache.dir, containerd), kubernetes, images, modules)
	if err != nil {
		return err
	}
	if err := os.Remove(images); err != nil {
		return err
	}
	return makeDisk(ctx, root, filepath.Join(dir, "root.ext4"))
}
