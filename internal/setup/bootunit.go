package setup

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/systemd"
)

// unitStep is "boot.unit": a systemd service that runs 'swapctl setup --boot',
// its place in the boot, and the order in which a shutdown ends pods and swap.
type unitStep struct {
	want unitWant

	// boot: this is the run that the unit started. The unit's files are then
	// left as they are, and the unit is not stopped: that would end this run.
	boot bool
	late bool // systemd is told later
	made json.RawMessage
}

type unitWant struct {
	Swapctl string `json:"swapctl"` // the program that the unit runs
	// Mount is where the file system that holds the swap file is mounted,
	// empty for a device. A boot that does not find it there must not take
	// what is below the mount point for it.
	Mount string `json:"mount,omitempty"`
	// Mounts is the same for each of several swap files, by its path.
	Mounts map[string]string `json:"mounts,omitempty"`
}

// addMount notes where the file system is mounted that holds a swap file.
func (w *unitWant) addMount(file, point string, only bool) {
	if only {
		w.Mount = point
		return
	}
	if w.Mounts == nil {
		w.Mounts = map[string]string{}
	}
	w.Mounts[file] = point
}

// mountOf is where it was mounted; empty when the journal does not say.
func (w unitWant) mountOf(file string) string {
	if point, ok := w.Mounts[file]; ok {
		return point
	}
	return w.Mount
}

// files are in the order in which they are made: the unit is wanted by a boot
// only once all else is there.
func (s unitStep) files() []ownFile {
	return []ownFile{{swapDropIn, swapOrder}, {podsDropIn, podsOrder}, {systemd.OursPath, unitText(s.want.Swapctl)}}
}

func (s unitStep) Info() step.Info {
	return step.Info{
		ID:    "boot.unit",
		Needs: kubeletIDs(),
		Title: "systemd unit " + systemd.Ours + ", " + s.want.Swapctl + " setup --boot",
		Why:   "A reboot loses what is in the kernel; this brings it back before the kubelet starts, and lets swap go only after the pods have ended.",
		ByHand: []string{
			"systemctl edit --full --force " + systemd.Ours + "  # 'swapctl setup --boot' as a oneshot, Before=kubelet.service",
			"systemctl enable " + systemd.Ours,
		},
		UndoByHand: []string{"systemctl disable --now " + systemd.Ours, "rm " + strings.Join([]string{systemd.OursPath, swapDropIn, podsDropIn}, " "), "systemctl daemon-reload"},
	}
}

func (s unitStep) Want() any { return s.want }

// Check finds the files as wanted, absent, of another version, or not ours.
func (s unitStep) Check(_ context.Context, h host.Host, was step.Record) (step.Finding, error) {
	there, differ := 0, false
	for _, f := range s.files() {
		now, err := h.Files.ReadFile(f.path, host.FileLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return step.Finding{}, fail.New(fail.Failed, "read "+f.path, err, "see what it is: ls -l "+f.path)
		}
		there++
		differ = differ || string(now) != f.text
		if string(now) != f.text && !was.Ours() {
			return blocked(notOurs(f.path)), nil
		}
	}
	target, err := h.Files.Readlink(systemd.OursLink)
	enabled := err == nil && target == systemd.OursPath
	if err == nil && !enabled && !was.Ours() || errors.Is(err, unix.EINVAL) {
		return blocked(notOurs(systemd.OursLink)), nil
	}
	switch {
	case there == 0 && !enabled:
		return step.Finding{State: step.Todo, Found: "no unit"}, nil
	case there < len(s.files()):
		return step.Finding{State: step.Todo, Found: "not all of it is there"}, nil
	case !enabled:
		return step.Finding{State: step.Todo, Found: "not enabled"}, nil
	case differ && !s.boot:
		return step.Finding{State: step.Todo, Found: "another version of it"}, nil
	}
	return step.Finding{State: step.Done, Found: "enabled"}, nil
}

func notOurs(name string) error {
	return fail.Newf(fail.Usage, "make "+name, "there is one already, which swapctl did not make").
		Hint("see what it does: systemctl cat %s", path.Base(name)).
		Hint("remove it, or set swap up with --persist none")
}

// Save remembers which directories are not there yet, outermost first.
func (s unitStep) Save(_ context.Context, h host.Host) (any, error) {
	var dirs []string
	for _, f := range s.files() {
		dirs = append(dirs, path.Dir(f.path))
	}
	return saveOwn(h, s.files(), append(dirs, path.Dir(systemd.OursLink))...), nil
}

// missingDirs are the directories on the way to dir that do not exist,
// outermost first.
func missingDirs(h host.Host, dir string) []string {
	var missing []string
	for ; dir != "/"; dir = path.Dir(dir) {
		if _, err := h.Files.Lstat(dir); err == nil {
			break
		}
		missing = append([]string{dir}, missing...)
	}
	return missing
}

func (s unitStep) Do(ctx context.Context, h host.Host, raw json.RawMessage, r step.Run) error {
	const op = "make the systemd unit " + systemd.Ours
	if err := makeDirs(h, raw, 0o755); err != nil {
		return writeFailed(op, err)
	}
	if err := makeFiles(h, s.files(), raw, r); err != nil {
		return writeFailed(op, err)
	}
	if target, err := h.Files.Readlink(systemd.OursLink); err != nil || target != systemd.OursPath {
		if err := removeLink(h, systemd.OursLink, target); err != nil {
			return writeFailed(op, err)
		}
		if err := h.Files.Symlink(systemd.OursPath, systemd.OursLink); err != nil {
			return writeFailed(op, err)
		}
		if err := h.Files.SyncDir(path.Dir(systemd.OursLink)); err != nil {
			return fail.New(fail.Failed, op, err)
		}
	}
	if s.late {
		return nil
	}
	return reload(ctx, h, op)
}

// Undo takes all of it away, and then has systemd forget it. Its service does
// nothing when it stops.
func (s unitStep) Undo(ctx context.Context, h host.Host, raw json.RawMessage, _ step.Progress) error {
	const op = "remove the systemd unit " + systemd.Ours
	var saved madeDirs
	if err := json.Unmarshal(raw, &saved); err != nil {
		return err
	}
	files := s.files()
	slices.Reverse(files)
	// The link first: a boot must not run into half of it.
	theirs := remarks(removeLink(h, systemd.OursLink, systemd.OursPath), removeOwn(h, files, raw, s.made))
	if failed(theirs) {
		return writeFailed(op, theirs)
	}
	if err := removeEmpty(h, saved.Made); err != nil {
		return err
	}
	if h.Units.Running() && !s.boot {
		if err := h.Units.Stop(ctx, systemd.Ours); err != nil {
			return remarks(theirs, unheard(fail.New(fail.Failed, op, err, "systemctl status "+systemd.Ours+" says more")))
		}
	}
	return remarks(theirs, unheard(reload(ctx, h, op)))
}

// reload has systemd see what was changed in /etc, if it runs.
func reload(ctx context.Context, h host.Host, op string) error {
	if !h.Units.Running() {
		return nil
	}
	return fail.New(fail.Failed, op, h.Units.Reload(ctx), "systemctl daemon-reload; journalctl -b -u init.scope | tail")
}

// writeFailed words the failure to write or remove a file in /etc, in the place
// of what a helper says of the one file.
func writeFailed(op string, err error) error {
	if worded, ok := errors.AsType[*fail.Error](err); ok {
		err = worded.Err
	}
	return fail.New(fail.Failed, op, err, writeHints(err)...)
}

// writeHints say what to do about a file in /etc that cannot be written.
func writeHints(err error) []string {
	switch {
	case errors.Is(err, host.ErrChanged), errors.Is(err, fs.ErrExist):
		return []string{"what is there was left as it is: run the command again"}
	case errors.Is(err, unix.EROFS):
		return []string{"findmnt -T /etc shows the mount", "where /etc stays read-only, use --persist none and run 'swapctl setup' at each boot"}
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return []string{"free some space: df -h /etc; df -i /etc"}
	}
	return []string{"see what is there: ls -ld /etc /etc/* | less"}
}
