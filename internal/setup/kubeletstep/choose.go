package kubeletstep

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// choose decides between a drop-in and an edit, and keeps an earlier choice.
func choose(k kubelet.Kubelet, row kubeletcfg.Row, desired kubeletcfg.Desired, was previous) (configWant, *dirWant, error) {
	want := configWant{Unit: k.Unit, Kubernetes: row.Kubernetes, Behavior: desired.Behavior, Cgroup: desired.CgroupVersion}
	if was.config != nil {
		return want.inPlaceOf(k, was)
	}
	dropin := canDropin(k, row)
	if dropin && k.ConfigDir == "" {
		dir, err := want.directory(k, defaultDir)
		if err == nil {
			want.File, want.Via = path.Join(defaultDir, fileName), true
			return want, dir, nil
		}
		if k.Inputs.Config == nil {
			return want, nil, err
		}
		dropin = false
	}
	if dropin {
		want.File = path.Join(k.ConfigDir, fileName)
		return want, nil, nil
	}
	want.File, want.Edit = k.ConfigFile, true
	if k.Inputs.Config != nil {
		return want, nil, nil
	}
	const op = "have the kubelet tolerate swap"
	if k.ConfigFile == "" {
		return want, nil, fail.Newf(fail.Usage, op, "the kubelet of Kubernetes %s reads no configuration file and no directory of them", row.Kubernetes).
			Hint("start it with --config, or with --fail-swap-on=false and --feature-gates, and use --kubelet skip")
	}
	return want, nil, fail.Newf(fail.Usage, op, "%s is not there yet, and the kubelet of Kubernetes %s reads no directory of files", k.ConfigFile, row.Kubernetes).
		Hint("let kubeadm write it with swap from the beginning: swapctl kubeadm-config, then kubeadm init or join").
		Hint(skipHint)
}

// inPlaceOf is a new want if the journal has an older one: in the same file.
// After a crash the journal may not have the directory as well.
func (w configWant) inPlaceOf(k kubelet.Kubelet, was previous) (configWant, *dirWant, error) {
	w.File, w.Edit, w.Via = was.config.File, was.config.Edit, was.config.Via
	switch {
	case w.Edit && k.Inputs.Config == nil:
		return w, nil, isGone(w.File)
	case was.dir != nil:
		return w, was.dir, nil
	case !w.Via:
		return w, nil, nil
	}
	dir, err := w.directory(k, path.Dir(w.File))
	return w, dir, err
}

// directory is the step that makes the kubelet read a directory.
func (w configWant) directory(k kubelet.Kubelet, dir string) (*dirWant, error) {
	text, err := k.ConfigDirDropIn(dir)
	return &dirWant{Unit: k.Unit, File: kubelet.UnitDropIn(k.Unit), Text: text, Dir: dir, Kubernetes: w.Kubernetes}, err
}

// canDropin reports whether a file in the kubelet's configuration directory can
// make it tolerate swap. If the directory is an alpha feature, it must be in
// use already.
func canDropin(k kubelet.Kubelet, row kubeletcfg.Row) bool {
	if !row.CanDropin() {
		return false
	}
	env := row.DropinDir.Env
	return env == "" || k.ConfigDir != "" && k.Env[env] != ""
}

// nothingElseIn refuses a directory with files that no kubelet has read so far,
// and that would count from now on.
func nothingElseIn(h host.Host, dir string, was previous) error {
	names, err := h.Files.ReadDir(dir)
	if was.dir != nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		if name != fileName && !strings.HasPrefix(name, ".") {
			return noKubelet(fmt.Errorf("%s/%s is there, the kubelet does not read it so far, and then would", dir, name),
				"if it shall, start the kubelet with --config-dir="+dir+"; otherwise move it away")
		}
	}
	return noKubelet(err)
}
