package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubernetesIsOfOneVersion: a kubelet of one version with libraries of another is none that anybody runs.
func TestKubernetesIsOfOneVersion(t *testing.T) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}} {{with .Replace}}{{.Version}}{{end}}", "all")
	cmd.Dir = "../../../cluster"
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var version string
	replaced := map[string]string{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		switch {
		case fields[0] == "k8s.io/kubernetes":
			version = fields[1]
		case strings.HasPrefix(fields[0], "k8s.io/") && len(fields) > 2:
			replaced[fields[0]] = fields[2]
		}
	}
	want := strings.Replace(version, "v1.", "v0.", 1)
	if len(replaced) < 25 || want == version {
		t.Fatalf("Kubernetes %q, %d modules of its repository", version, len(replaced))
	}
	for path, got := range replaced {
		if got != want {
			t.Errorf("%s is %s, want %s as Kubernetes is %s", path, got, want, version)
		}
	}
}

// TestRecipeOfKubernetesIsTheKey: what changes the programs makes new ones.
func TestRecipeOfKubernetesIsTheKey(t *testing.T) {
	dir := t.TempDir()
	keys := map[string]string{}
	for _, changed := range []string{"", "go.mod", "go.sum", "build.sh"} {
		for _, name := range []string{"go.mod", "go.sum", "build.sh"} {
			content := "as it is"
			if name == changed {
				content = "changed"
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		key, err := kubernetesKey(dir)
		if err != nil {
			t.Fatal(err)
		}
		if other, there := keys[key]; there {
			t.Errorf("the key is the same with a changed %q and a changed %q", changed, other)
		}
		keys[key] = changed
	}
}

// TestImagesHoldTogether: every digest that the archive names is one of its blobs. containerd itself reads it when an
// image of a node is made.
func TestImagesHoldTogether(t *testing.T) {
	program := filepath.Join(t.TempDir(), "work")
	if err := os.WriteFile(program, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "images.tar")
	if err := writeImages(path, program); err != nil {
		t.Fatal(err)
	}
	files := readTar(t, path)
	var index struct{ Manifests []descriptor }
	if err := json.Unmarshal(files["index.json"], &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != len(containerImages) {
		t.Errorf("%d images, want %d", len(index.Manifests), len(containerImages))
	}
	for _, image := range index.Manifests {
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		if err := json.Unmarshal(blob(t, files, image), &manifest); err != nil {
			t.Fatal(err)
		}
		blob(t, files, manifest.Config)
		if len(manifest.Layers) != 1 || !bytes.Contains(blob(t, files, manifest.Layers[0]), []byte("a program")) {
			t.Errorf("%s does not hold the program", image.Annotations["io.containerd.image.name"])
		}
	}
}

func blob(t *testing.T, files map[string][]byte, of descriptor) []byte {
	t.Helper()
	content := files["blobs/"+strings.Replace(of.Digest, ":", "/", 1)]
	if len(content) == 0 || len(content) != of.Size {
		t.Fatalf("blob %s has %d bytes, want %d", of.Digest, len(content), of.Size)
	}
	return content
}

func readTar(t *testing.T, path string) map[string][]byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	files := map[string][]byte{}
	for archive := tar.NewReader(file); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}
