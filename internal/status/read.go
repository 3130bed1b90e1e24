package status

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// Read reads the node. What needs root is left out and named in the notes; an
// error means that not even /proc can be read.
func Read(ctx context.Context, h host.Host, j Journal) (Document, error) {
	const op = "read the state of swap"
	doc := Document{
		APIVersion: "swapctl.dev/v1alpha1",
		Kind:       "SwapStatus",
		Areas:      []Area{},
		Journal:    journalState(j),
	}
	memory, err := kernel.ReadMemory(h)
	if err != nil {
		return Document{}, fail.New(fail.Failed, op, err)
	}
	doc.Memory = Memory(memory)
	doc.CgroupVersion = kernel.CgroupVersion(h)

	r := reader{h: h, stacks: kernel.NewStacks(h), managed: statManaged(h, j)}
	swaps, err := kernel.Swaps(h)
	if errors.Is(err, fs.ErrNotExist) {
		r.note("this kernel was built without swap: there is no /proc/swaps")
	} else if err != nil {
		return Document{}, fail.New(fail.Failed, op, err)
	}
	for _, s := range swaps {
		if err := ctx.Err(); err != nil {
			return Document{}, fail.New(fail.Interrupted, op, err)
		}
		doc.Areas = append(doc.Areas, r.area(s, j.Err == nil))
	}
	if r.needsRoot {
		r.note("without root the tables of mappings cannot be seen: cipher and key size are left out, and a mapping counts as encrypted by its UUID")
	}
	doc.Kubelet = r.kubelet(ctx)
	if j.Err != nil {
		r.note(fmt.Sprintf("which areas swapctl manages, and what is still to be done, is not known: %v", j.Err))
	}
	doc.Notes = append([]string{}, r.notes...)
	return doc, nil
}

func journalState(j Journal) JournalState {
	o := JournalState{Goal: j.Goal, Pending: append([]string{}, j.Pending...), Restarts: append([]string{}, j.Restarts...)}
	if o.Goal == "" && j.Err == nil {
		o.Goal = "none"
	}
	return o
}
