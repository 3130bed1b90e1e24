package kubelet

import (
	"errors"
	"io/fs"
	"path"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// readInputs reads the inputs of the kubelet's configuration. A --config file
// that does not exist (kubeadm writes it when the node joins) is no input.
func readInputs(h host.Host, config, dir string, argv []string) (kubeletcfg.Inputs, error) {
	in := kubeletcfg.Inputs{Flags: argv}
	if config != "" {
		data, err := host.ReadTrustedFile(h.Files, config)
		switch {
		case err == nil:
			in.Config = &kubeletcfg.Source{Name: config, Data: data}
		case !errors.Is(err, fs.ErrNotExist):
			return in, readFailed(config, err)
		}
	}
	if dir == "" {
		return in, nil
	}
	var err error
	in.Dropins, err = readDropins(h, dir, deepest)
	return in, err
}

// deepest is how deep drop-in files may be below their directory. Nobody has
// more than one directory in it.
const deepest = 8

// readDropins walks the directory as the kubelet does
// (cmd/kubelet/app/server.go, mergeKubeletConfigurations): by name, into
// directories in their order, only *.conf, not through links to directories.
func readDropins(h host.Host, dir string, deepest int) ([]kubeletcfg.Source, error) {
	names, err := host.ReadDirTrusted(h.Files, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, readFailed(dir, err)
	}
	var sources []kubeletcfg.Source
	for _, name := range names {
		at := path.Join(dir, name)
		st, err := h.Files.Lstat(at)
		if err != nil {
			return nil, readFailed(at, err)
		}
		switch {
		case st.Mode.IsDir() && deepest == 0:
			return nil, readFailed(at, errors.New("too many directories lie within each other"))
		case st.Mode.IsDir():
			below, err := readDropins(h, at, deepest-1)
			if err != nil {
				return nil, err
			}
			sources = append(sources, below...)
		case path.Ext(name) == ".conf":
			data, err := host.ReadTrustedFile(h.Files, at)
			if err != nil {
				return nil, readFailed(at, err)
			}
			sources = append(sources, kubeletcfg.Source{Name: at, Data: data})
		}
	}
	return sources, nil
}
