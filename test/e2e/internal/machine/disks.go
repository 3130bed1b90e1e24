package machine

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// scratchSize is the size of the disks b and c: they are sparse, so they take
// only what is written.
const scratchSize = 3 << 30

// payloadSize is the size of the read-only disk with programs for the machine.
// It does not depend on the programs, because the disk of a machine from a
// snapshot must not change its size.
const payloadSize = 128 << 20

// Options say where a machine's parts are.
type Options struct {
	Lane       string            // "uml", "bookworm", "trixie" or "cluster"
	Images     string            // directory with the cached images
	Image      string            // file name of the root image in it
	Kernel     string            // file name of the kernel in it (QEMU)
	Initrd     string            // file name of the initramfs in it (QEMU)
	Warm       string            // name of the directory with a snapshot in it, or "" to boot cold (QEMU)
	Tools      string            // root of the Debian that the emulator is from
	Kubernetes string            // directory of the programs of Kubernetes (cluster)
	Payload    map[string]string // programs to carry into the machine: path inside -> path on the host
	WorkDir    string            // where machines live while they run
	Node       *Node             // what a node of a cluster has besides (UML)
}

// Node is a machine that is one node of a cluster.
type Node struct {
	Name    string   // of the host
	Address string   // in the network
	Memory  int      // in MiB
	Network *Network // has a tap device for the name
}

// New prepares a machine; nothing runs before Boot.
func New(ctx context.Context, o Options) (Machine, error) {
	if err := os.MkdirAll(o.WorkDir, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.WorkDir, o.Lane+"-")
	if err != nil {
		return nil, err
	}
	prepare := newQEMU
	if IsUML(o.Lane) {
		prepare = newUML
	}
	emulator, err := prepare(ctx, o, dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("cannot prepare a machine: %w", err)
	}
	return &machine{emulator: emulator, dir: dir}, nil
}

func scratchDisks(dir string) error {
	for _, name := range []string{"b", "c"} {
		file, err := os.Create(filepath.Join(dir, name+".img"))
		if err != nil {
			return err
		}
		if err := file.Truncate(scratchSize); err != nil {
			file.Close()
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// payloadDisk writes the programs as a tar directly to the disk.
func payloadDisk(path string, programs map[string]string) error {
	disk, err := os.Create(path)
	if err != nil {
		return err
	}
	defer disk.Close()
	archive := tar.NewWriter(disk)
	inside := make([]string, 0, len(programs))
	for name := range programs {
		inside = append(inside, name)
	}
	slices.Sort(inside)
	for _, name := range inside {
		if err := addProgram(archive, name, programs[name]); err != nil {
			return fmt.Errorf("cannot add %s to the payload: %w", name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if info, err := disk.Stat(); err != nil || info.Size() > payloadSize {
		return fmt.Errorf("cannot make the payload disk: more than %d MiB (%w)", payloadSize>>20, err)
	}
	return disk.Truncate(payloadSize)
}

func addProgram(archive *tar.Writer, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size(), Typeflag: tar.TypeReg}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}
