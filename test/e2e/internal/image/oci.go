package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
)

// containerImages are the images that pods of stories have: name and what it runs when a pod says nothing else. All of
// them are the same one program.
var containerImages = map[string][]string{
	"swapctl.test/pause:1": {"/work", "sleep"},
	"swapctl.test/work:1":  {"/work"},
}

// descriptor is a reference to a blob, as in the OCI image specification 1.1, descriptor.md.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// ociArchive is an OCI image layout as a tar. The first error sticks.
type ociArchive struct {
	tar *tar.Writer
	has map[string]bool // digests that are written
	err error
}

// writeImages writes the archive of all container images; program is the path of their only file, /work.
func writeImages(path, program string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := &ociArchive{tar: tar.NewWriter(file), has: map[string]bool{}}
	archive.file("oci-layout", []byte(`{"imageLayoutVersion": "1.0.0"}`))
	layer := archive.layer("work", content)
	var manifests []descriptor
	for name, command := range containerImages {
		manifests = append(manifests, archive.image(name, layer, command))
	}
	archive.file("index.json", archive.json(map[string]any{"schemaVersion": 2, "manifests": manifests}))
	if archive.err != nil {
		return archive.err
	}
	if err := archive.tar.Close(); err != nil {
		return err
	}
	return file.Close()
}

// layer adds a layer of one program.
func (a *ociArchive) layer(name string, content []byte) descriptor {
	var buffer bytes.Buffer
	layer := &ociArchive{tar: tar.NewWriter(&buffer)}
	layer.file(name, content)
	if a.err == nil {
		a.err = layer.err
	}
	if err := layer.tar.Close(); a.err == nil {
		a.err = err
	}
	return a.blob("application/vnd.oci.image.layer.v1.tar", buffer.Bytes())
}

// image adds an image of one layer and returns what the index says of it.
func (a *ociArchive) image(name string, layer descriptor, command []string) descriptor {
	config := a.blob("application/vnd.oci.image.config.v1+json", a.json(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": command},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layer.Digest}},
	}))
	manifest := a.blob("application/vnd.oci.image.manifest.v1+json", a.json(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": config, "layers": []descriptor{layer},
	}))
	manifest.Annotations = map[string]string{"io.containerd.image.name": name}
	return manifest
}

func (a *ociArchive) blob(mediaType string, content []byte) descriptor {
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	if !a.has[digest] {
		a.has[digest] = true
		a.file("blobs/sha256/"+digest, content)
	}
	return descriptor{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(content)}
}

func (a *ociArchive) json(value any) []byte {
	content, err := json.Marshal(value)
	if a.err == nil {
		a.err = err
	}
	return content
}

func (a *ociArchive) file(name string, content []byte) {
	if a.err == nil {
		a.err = a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg})
	}
	if a.err == nil {
		_, a.err = a.tar.Write(content)
	}
}
