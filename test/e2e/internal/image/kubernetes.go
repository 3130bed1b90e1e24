package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// makeKubernetes builds the programs of a cluster, with the recipe of the module test/cluster: some 20 minutes for two
// processors, once for a version. A new version of Go does not make them anew.
func (b *Builder) makeKubernetes(ctx context.Context) (string, error) {
	key, err := kubernetesKey(b.programs.Cluster)
	if err != nil {
		return "", err
	}
	return b.cache.get(ctx, "kubernetes", key, func(ctx context.Context, dir string) error {
		script, err := filepath.Abs(filepath.Join(b.programs.Cluster, "build.sh"))
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, script, dir)
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w\n%s", script, err, output.String())
		}
		return nil
	})
}

// kubernetesKey hashes the recipe in the directory of the module.
func kubernetesKey(dir string) (string, error) {
	var recipe []string
	for _, name := range []string{"go.mod", "go.sum", "build.sh"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("cannot read the recipe of Kubernetes: %w", err)
		}
		recipe = append(recipe, string(content))
	}
	return key(recipe...), nil
}
