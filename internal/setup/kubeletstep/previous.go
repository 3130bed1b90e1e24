package kubeletstep

import (
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
)

// previous is what the journal records of the kubelet.
type previous struct {
	config *configWant
	saved  editSaved // of config, where it is an edit
	dir    *dirWant
}

func previousOf(j step.Journal) (p previous, err error) {
	config, err := step.Read[configWant, editSaved, ownfile.Made](j.Record("kubelet.config"))
	if err != nil {
		return p, err
	}
	dir, err := step.Read[dirWant, ownfile.Saved, ownfile.Made](j.Record("kubelet.configdir"))
	if config.Ours {
		p.config, p.saved = &config.Want, config.Saved
	}
	if dir.Ours {
		p.dir = &dir.Want
	}
	return p, err
}

// Previous is the plan that leaves everything as in the journal.
func Previous(j step.Journal) (Plan, error) {
	p, err := previousOf(j)
	return p.plan(), err
}

// NeededBy says that the kubelet would not start without our steps while any
// swap is on: its own configuration has failSwapOn true then. file is the file
// of ours that prevents this, "" if it is not needed.
func NeededBy(h host.Host, j step.Journal) (file string, err error) {
	p, err := previousOf(j)
	if err != nil || p.config == nil {
		return "", err
	}
	row, err := p.config.row()
	if err != nil {
		return "", err
	}
	k, err := kubelet.Look(kubelet.With(h, p.without(h)))
	if err == nil && !k.Found {
		return "", nil
	}
	e := kubeletcfg.Effective{FailSwapOn: true} // an unreadable file may have failSwapOn true
	if err == nil {
		if e, err = row.Effective(k.Inputs); err != nil {
			e.FailSwapOn = true
		}
	}
	if !e.FailSwapOn {
		return "", nil
	}
	return p.config.File, nil
}

// plan leaves everything as in the journal. Without our steps the kubelet would
// not start again while swap is on, so they are never undone while there is
// swap.
func (p previous) plan() Plan {
	var plan Plan
	if p.config != nil {
		plan.Steps, plan.Unit = append(plan.Steps, configStep(*p.config, step.Mode{})), p.config.Unit
	}
	if p.dir != nil {
		plan.Steps = append(plan.Steps, dirStep(*p.dir, step.Mode{}))
	}
	return plan
}

// without are the files as they would be without our steps.
func (p previous) without(h host.Host) map[string][]byte {
	files := map[string][]byte{}
	if p.dir != nil {
		files[p.dir.File] = nil
	}
	switch {
	case p.config == nil:
	case !p.config.Edit:
		files[p.config.File] = nil
	default:
		now, err := h.Files.ReadFile(p.config.File, host.FileLimit)
		if err != nil {
			break
		}
		edit := editStep{*p.config}
		if data, err := edit.reverted(now, p.saved); err == nil {
			files[p.config.File] = data
		}
	}
	return files
}

// NodeKeeps says what stays in the API of the cluster when swap is gone. A kubelet reports its swap only while there is
// some, and nothing clears the field (pkg/kubelet/nodestatus/setters.go of 1.37.2, MachineInfo; seen with that kubelet).
// It is "" where the journal has nothing of a kubelet that reports swap.
func NodeKeeps(j step.Journal) string {
	p, err := previousOf(j)
	if err != nil || p.config == nil {
		return ""
	}
	if row, err := p.config.row(); err != nil || !row.ReportsSwap {
		return ""
	}
	return "the Node object still shows the swap that the node had, because the kubelet never clears it: " +
		`kubectl patch node NODE --subresource=status --type=json -p '[{"op": "remove", "path": "/status/nodeInfo/swap"}]'`
}
