package area

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// headerStep is "swap.header": the first page of a swap area, which marks it as
// one.
type headerStep struct {
	area string
	want headerWant
	file bool // the target is a file, or a mapping on one
}

type headerWant struct {
	Target
}

// headerSaved is the UUID of the header, by which Undo recognises our own.
type headerSaved struct {
	UUID [16]byte `json:"uuid"`
}

type headerWas = step.Was[headerWant, headerSaved, step.None]

func headerKind() step.Kind {
	return step.Kind{ID: "swap.header", Build: step.BuildOf(func(suffix string, want headerWant, _ step.Mode) step.Step {
		return step.Of(&headerStep{area: suffix, want: want, file: isFile(want.Path)})
	})}
}

func (s *headerStep) Info() step.Info {
	below := "swap.device" + s.area
	if s.file {
		below = "swap.file" + s.area
	}
	if s.want.Mapping != "" {
		below = "swap.crypt" + s.area
	}
	var undo []string
	if s.want.Mapping == "" {
		undo = []string{fmt.Sprintf("wipefs --all --types swap %s", s.want.Target)}
	}
	return step.Info{
		UndoByHand: undo,
		ID:         "swap.header" + s.area,
		Title:      fmt.Sprintf("swap header on %s", s.want.Target),
		Why:        "The kernel accepts only an area whose first page is a swap header with the size of the area.",
		ByHand:     []string{fmt.Sprintf("mkswap %s", s.want.Target)},
		StandsOn:   []string{below},
	}
}

func (s *headerStep) Want() headerWant { return s.want }

func (s *headerStep) Check(_ context.Context, h host.Host, was *headerWas) (step.Finding, error) {
	if err := s.occupied(h, was); err != nil {
		return step.BlockedBy(err), nil
	}
	node, err := s.want.Node(h)
	if errors.Is(err, fs.ErrNotExist) {
		return step.Finding{State: step.Todo, Found: "no header"}, nil
	}
	if err != nil {
		return step.Finding{}, fail.New(fail.Failed, "read the swap header", err)
	}
	if err := swapfile.CheckHeader(h, node); err != nil {
		return step.Finding{State: step.Todo, Found: "no header that fits"}, nil //nolint:nilerr // whatever is wrong with it, a new one is to be written
	}
	return step.Finding{State: step.Done, Found: "there"}, nil
}

// occupied refuses to move ours to a device to which somebody else swaps:
// nothing can be written there, and swapctl may not turn it off.
func (s *headerStep) occupied(h host.Host, was *headerWas) error {
	if !was.Ours || was.Want == s.want {
		return nil
	}
	theirs, on, err := Active(h, s.want.Target)
	if err != nil || !on {
		return err
	}
	ours, on, err := Active(h, was.Want.Target)
	if err != nil || on && ours.Path == theirs.Path {
		return err // another name of the same device
	}
	return fail.Newf(fail.Usage, fmt.Sprintf("move swap to %s", s.want.Target), "the kernel swaps to it already, and swapctl did not set it up").
		Hint("swapoff %s ends that", s.want.Target).
		Hint("or have it used as it is: swapctl teardown, and then this command again")
}

func (s *headerStep) Save(_ context.Context, h host.Host) (headerSaved, error) {
	uuid, err := newUUID(h)
	return headerSaved{uuid}, err
}

// newUUID is a random UUID.
func newUUID(h host.Host) (uuid [16]byte, err error) {
	if err := h.Kernel.Random(uuid[:]); err != nil {
		return uuid, fail.New(fail.Failed, "make a UUID for the swap area", err,
			"getrandom(2) is there from Linux 3.17 on (uname -r), but a sandbox may forbid it")
	}
	uuid[6] = uuid[6]&0x0f | 0x40 // RFC 9562: version 4
	uuid[8] = uuid[8]&0x3f | 0x80 // and its variant
	return uuid, nil
}

func (s *headerStep) Do(ctx context.Context, h host.Host, was *headerWas, _ step.RunOf[step.None]) error {
	node, err := s.want.Node(h)
	if err != nil {
		return fail.New(fail.Failed, "write the swap header", err)
	}
	return swapfile.WriteHeader(ctx, h, node, was.Saved.UUID)
}

// Undo removes our own header, so that nothing treats the file or device as a
// swap area again. With a mapping there is nothing to do: the header is lost
// with the key.
func (s *headerStep) Undo(_ context.Context, h host.Host, was *headerWas, _ step.Progress) error {
	if s.want.Mapping != "" {
		return nil
	}
	node, err := s.want.Node(h)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail.New(fail.Failed, "remove the swap header", err)
	}
	return swapfile.RemoveHeader(h, node, was.Saved.UUID)
}
