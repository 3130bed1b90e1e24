package kubelet

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/systemd"
)

// ConfigDirDropIn is the text of a drop-in for the kubelet's unit with which it
// reads its configuration from a directory as well. If the unit has a variable
// of its own for --config, as kubeadm's has, only that one is set again:
// changes of the command line by a package then still count. Otherwise the
// command line is.
func (k Kubelet) ConfigDirDropIn(dir string) (string, error) {
	const op = "have the kubelet read a configuration directory"
	if k.Kind != Systemd || k.Wrapped || k.service.exec == "" {
		return "", fail.New(fail.Usage, op, errors.New("no unit says how it is started"),
			"start it with --config-dir="+dir+", then run the command again", "or leave the kubelet as it is: --kubelet skip")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by swapctl setup; swapctl teardown removes it.\n[Service]\n")
	if name, ok := k.service.configVariable(); ok {
		b.WriteString("Environment=" + systemd.Quoted(name+"="+k.service.vars[name]+" --config-dir="+dir) + "\n")
		return b.String(), nil
	}
	fmt.Fprintf(&b, "ExecStart=\nExecStart=%s --config-dir=%s\n", k.service.exec, dir)
	return b.String(), nil
}

// configVariable finds a variable that only Environment= sets, that becomes
// words of the command line, and that contains --config.
func (s service) configVariable() (string, bool) {
	for _, word := range systemd.SplitWords(s.exec) {
		name, ok := systemd.Variable(word)
		if !ok || s.fromFiles[name] {
			continue
		}
		if slices.ContainsFunc(systemd.SplitWords(s.vars[name]), func(w string) bool { return w == "--config" || strings.HasPrefix(w, "--config=") }) {
			return name, true
		}
	}
	return "", false
}

// UnitDropIn is the path of our drop-in for a unit: sorted after kubeadm's.
func UnitDropIn(unit string) string {
	return path.Join(systemd.Units, unit+".d", "90-swapctl.conf")
}
