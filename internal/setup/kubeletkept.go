package setup

import (
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
)

// keptKubelet is what the journal has of the kubelet.
type keptKubelet struct {
	config *kubeletConfigStep
	dir    *kubeletDirStep
	saved  step.Record // of config
}

func keptFrom(j step.Journal) (kept keptKubelet, err error) {
	for _, id := range kubeletIDs() {
		r := j.Record(id)
		if !r.Ours() {
			continue
		}
		s, err := build(r, DownOptions{})
		if err != nil {
			return kept, err
		}
		switch s := s.(type) {
		case kubeletConfigStep:
			kept.config, kept.saved = &s, r
		case kubeletDirStep:
			kept.dir = &s
		}
	}
	return kept, nil
}

// plan is to leave everything as the journal has it. Without what is ours the
// kubelet would not start again while swap is on, so it is never dropped while
// there is swap.
func (k keptKubelet) plan() kubeletPlan {
	var p kubeletPlan
	if k.config != nil {
		p.steps, p.unit = append(p.steps, *k.config), k.config.want.Unit
	}
	if k.dir != nil {
		p.steps = append(p.steps, *k.dir)
	}
	return p
}

// without are the files as they would be without us.
func (k keptKubelet) without(h host.Host) map[string][]byte {
	files := map[string][]byte{}
	if k.dir != nil {
		files[k.dir.want.File] = nil
	}
	switch {
	case k.config == nil:
	case !k.config.want.Edit:
		files[k.config.want.File] = nil
	default:
		if data, err := k.config.reverted(h, k.saved.Saved); err == nil {
			files[k.config.want.File] = data
		}
	}
	return files
}
