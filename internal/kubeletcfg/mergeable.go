package kubeletcfg

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/provisioner"
)

// Mergeable refuses a file in which neither kubeadm nor a kubelet would read
// what MergeInto adds, and says where the setting belongs. It accepts a file
// that is not YAML: MergeInto reports the error.
func Mergeable(existing Source, kind Kind) error {
	all, err := documents(existing)
	if err != nil {
		return nil //nolint:nilerr // MergeInto reads it again
	}
	for _, d := range all {
		if d.root == nil {
			continue
		}
		if reason, fragment, hints := d.foreign(kind); reason != "" {
			what := foreignError{fmt.Errorf("%s:%d: document %d is %s", d.source, d.root.Node.Line, d.number, reason), fragment}
			return fail.New(fail.Usage, "merge swap into "+existing.Name, what, hints...)
		}
	}
	return nil
}

// foreignError is the error of a file for another program; it has the text to
// write in it.
type foreignError struct {
	error

	fragment string
}

// Fragment implements what fail.Fragment looks for.
func (e foreignError) Fragment() string { return e.fragment }

// foreign says why what is for kubeadm or a kubelet must not be merged into a
// document; "" if it may be.
func (d document) foreign(kind Kind) (reason, fragment string, hints []string) {
	group, _, _ := strings.Cut(d.word("apiVersion"), "/")
	is := d.word("kind")
	bare := is == "" && d.word("apiVersion") == ""
	whole := kind == KindInit || kind == KindJoin
	t, known := provisioner.Recognise(d.root)
	switch {
	case known:
		return "for " + t.Name + ", not for kubeadm or a kubelet", t.Fragment, []string{t.Says}
	case group == KubeadmGroup && (is == "UpgradeConfiguration" || is == "ResetConfiguration"):
		return "of kind " + is + ", beside which kubeadm reads no " + ConfigKind, "", []string{
			"write a patch, and name its directory there: swapctl kubeadm-config --kind patch --output-dir " + DefaultPatches,
		}
	case group == KubeadmGroup && !whole:
		return "for kubeadm, and --kind " + string(kind) + " is for a " + ConfigKind, "", []string{"leave --kind out, or for kubeadm join: --kind join"}
	case group == KubeadmGroup, foreign(group), is == ConfigKind, bare && !whole:
		return "", "", nil
	case bare:
		return "without apiVersion and kind: kubeadm refuses it", "", []string{"apiVersion: " + GroupVersion + " and kind: " + ConfigKind + ", if it is for a kubelet"}
	}
	return "of kind " + strings.TrimSpace(d.word("apiVersion")+" "+is) + ", which neither kubeadm nor a kubelet reads as its configuration", "", []string{"without --merge, swapctl writes a file of its own"}
}
