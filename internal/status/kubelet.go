package status

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/swapctl/swapctl/internal/kubelet"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// kubelet reads the kubelet's flags and files as the kubelet would. What cannot
// be found out is left out, with a note.
func (r *reader) kubelet(ctx context.Context) Kubelet {
	k, err := kubelet.Find(ctx, r.h)
	doc := Kubelet{Found: k.Found, Kind: string(k.Kind), Unit: k.Unit, ConfigSources: []string{}}
	if k.Version != "" {
		doc.Version = &k.Version
	}
	var e kubeletcfg.Effective
	switch {
	case !k.Found && err == nil:
		return doc
	case err == nil && len(k.Argv) == 0:
		err = errors.New(strings.Join(k.Advice, "; "))
	case err == nil:
		e, err = k.Effective()
	}
	switch {
	case err == nil:
		doc.FailSwapOn, doc.FailSwapOnFrom = &e.FailSwapOn, e.FailSwapOnFrom
		doc.SwapBehavior, doc.SwapBehaviorFrom = &e.SwapBehavior, e.SwapBehaviorFrom
		doc.ConfigSources = append(doc.ConfigSources, e.Sources...)
	case errors.Is(err, fs.ErrPermission) && r.h.Kernel.EUID() != 0:
		r.note("without root the kubelet's configuration cannot be read")
	default:
		r.note(fmt.Sprintf("how the kubelet is configured is not known: %v", err))
	}
	return doc
}
