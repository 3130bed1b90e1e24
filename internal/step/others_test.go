package step_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/step"
)

const journalPath = "/var/lib/swapctl/journal"

// during calls do once, when a run has begun its second step.
func during(e *step.Engine, do func()) {
	var once sync.Once
	e.Events = func(ev step.Event) {
		if ev.Kind == step.Begin && ev.Info.ID == "brick1" {
			once.Do(do)
		}
	}
}

// TestTheLockCannotBeTakenAway: whatever can be removed is removed, while a run is
// under way.
func TestTheLockCannotBeTakenAway(t *testing.T) {
	n := hosttest.New(t)
	fresh := n.Snapshot()
	e := engine(n.Host())
	var second error
	during(e, func() {
		other := n.Other().Files
		_ = other.Remove("/run/swapctl.lock")
		if err := other.Remove(path.Dir(journalPath)); !errors.Is(err, unix.ENOTEMPTY) {
			t.Errorf("what is locked can be removed: %v", err)
		}
		_, second = engine(n.Host()).Apply(context.Background(), wall("z"), "config")
	})
	if _, err := e.Apply(context.Background(), wall("a", "b"), "config"); err != nil || fail.Code(second) != fail.Locked {
		t.Errorf("the first run: %v; the second: %v", err, second)
	}
	if _, err := engine(n.Host()).Teardown(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	unchanged(t, n, fresh)
}

// TestALockThatLosesItsNameIsTakenAgain: who had it has removed the directory, between
// our look at it and our lock.
func TestALockThatLosesItsNameIsTakenAgain(t *testing.T) {
	n := hosttest.New(t)
	h := n.Host()
	h.Kernel = lockLater{h.Kernel, sync.OnceFunc(func() {
		other := n.Other().Files
		if err := errors.Join(other.Remove(path.Dir(journalPath)), other.Mkdir(path.Dir(journalPath), 0o700)); err != nil {
			t.Error(err)
		}
	})}
	var second error
	e := engine(h)
	during(e, func() { _, second = engine(n.Host()).Apply(context.Background(), wall("z"), "config") })
	if _, err := e.Apply(context.Background(), wall("a", "b"), "config"); err != nil || fail.Code(second) != fail.Locked {
		t.Errorf("the first run: %v; the second: %v", err, second)
	}
}

type lockLater struct {
	host.Kernel

	before func()
}

func (k lockLater) Lock(f host.File) error {
	k.before()
	return k.Kernel.Lock(f)
}

func TestASwapctlOfBeforeKeepsUsOutAndARunThatDoesNothingLeavesNothing(t *testing.T) {
	n := hosttest.New(t)
	fresh := n.Snapshot()
	holder := n.Other()
	old, err := holder.Files.Open("/run/swapctl.lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = holder.Kernel.Lock(old)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine(n.Host()).Teardown(context.Background(), nil); fail.Code(err) != fail.Locked {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(old.Close(), holder.Files.Remove("/run/swapctl.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := engine(n.Host()).Teardown(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	unchanged(t, n, fresh)
}

// TestNothingIsWrittenIntoAJournalThatIsNotTheOneThatWasRead: whoever got in beside
// the lock keeps what they wrote.
func TestNothingIsWrittenIntoAJournalThatIsNotTheOneThatWasRead(t *testing.T) {
	const theirs = "{\"op\":\"journal\",\"version\":1}\n{\"op\":\"goal\",\"goal\":\"up\",\"config\":{}}\n"
	for name, attack := range map[string]func(f host.Files, was []byte) error{
		"replaced": func(f host.Files, _ []byte) error { return f.Replace(journalPath, []byte(theirs), 0o600) },
		"grown":    func(f host.Files, was []byte) error { return write(f, string(was)+theirs) },
		"emptied":  func(f host.Files, _ []byte) error { return write(f, "") },
		"gone":     func(f host.Files, _ []byte) error { return f.Remove(journalPath) },
		"gone with its directory": func(f host.Files, _ []byte) error {
			return errors.Join(f.Remove(journalPath), f.Remove(path.Dir(journalPath)))
		},
	} {
		for _, run := range []string{"setup", "teardown"} {
			t.Run(name+" in "+run, func(t *testing.T) {
				n := hosttest.New(t)
				other := n.Other().Files
				var left string
				hit := func() {
					was, err := other.ReadFile(journalPath, host.FileLimit)
					if err == nil {
						err = attack(other, was)
					}
					if err != nil {
						t.Fatal(err)
					}
					now, _ := other.ReadFile(journalPath, host.FileLimit)
					left = string(now)
				}
				e := engine(n.Host())
				var err error
				if run == "setup" {
					during(e, hit)
					steps := wall("a", "b")
					_, err = e.Apply(context.Background(), append(steps, noting{brick{id: "noting", text: "x"}}), "config")
				} else {
					apply(t, n, wall("a", "b"))
					act := hit
					e.Events = func(ev step.Event) {
						if ev.Kind == step.Undoing && act != nil {
							act()
							act = nil
						}
					}
					_, err = e.Teardown(context.Background(), nil)
				}
				if !errors.Is(err, host.ErrChanged) || !strings.Contains(err.Error(), "somebody has changed it meanwhile") || len(fail.Hints(err)) == 0 {
					t.Errorf("got %v", err)
				}
				now, readErr := other.ReadFile(journalPath, host.FileLimit)
				if string(now) != left || left == "" && readErr == nil && name != "emptied" {
					t.Errorf("they wrote %q, and now it says %q (%v)", left, now, readErr)
				}
			})
		}
	}
}

// write writes into the file that is there.
func write(f host.Files, text string) error {
	file, err := f.Open(journalPath, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = file.Write([]byte(text))
	return errors.Join(err, file.Close())
}

// noting is a brick that notes something of what it makes.
type noting struct{ brick }

func (b noting) Do(ctx context.Context, h host.Host, was step.Record, r step.Run) error {
	if err := r.Note("made"); err != nil {
		return err
	}
	return b.brick.Do(ctx, h, was, r)
}

// TestADamagedJournalIsRefusedAndGoneByAsFarAsItGoes: what stands before the damage
// is taken back, and that there may be more is said for as long as it may be.
func TestADamagedJournalIsRefusedAndGoneByAsFarAsItGoes(t *testing.T) {
	n := hosttest.New(t)
	fresh := n.Snapshot()
	apply(t, n, wall("a", "b"))
	apply(t, n, wall("a", "b", "c"))
	apply(t, n, wall("a", "b", "c", "d"))
	other := n.Other().Files
	whole, err := other.ReadFile(journalPath, host.FileLimit)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(whole), `"id":"brick2"`)
	damaged := string(whole[:at]) + strings.Repeat("\x00", 20) + string(whole[at+20:])
	if err := other.Replace(journalPath, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	before := n.Snapshot()
	for run, err := range map[string]error{
		"setup":    func() error { _, err := engine(n.Host()).Apply(context.Background(), wall("a"), "config"); return err }(),
		"teardown": func() error { _, err := engine(n.Host()).Teardown(context.Background(), nil); return err }(),
	} {
		hints := strings.Join(fail.Hints(err), " ")
		if _, ok := errors.AsType[*step.DamagedError](err); !ok || !strings.Contains(hints, "swapctl teardown --journal-damaged") {
			t.Errorf("%s: %v, hints %q", run, err, hints)
		}
	}
	unchanged(t, n, before)
	// It is interrupted, and goes on without the flag: the journal is whole again, and
	// still knows that it does not know all.
	ctx, cancel := context.WithCancel(context.Background())
	e := engine(n.Host())
	e.Damaged = true
	e.Events = func(ev step.Event) {
		if ev.Kind == step.Undone {
			cancel()
		}
	}
	if out, err := e.Teardown(ctx, nil); !out.Incomplete || fail.Code(err) != fail.Interrupted {
		t.Errorf("%+v, %v", out, err)
	}
	out, err := engine(n.Host()).Teardown(context.Background(), nil)
	if err != nil || !out.Incomplete {
		t.Errorf("%+v, %v", out, err)
	}
	for _, gone := range []string{"/etc/brick0", "/etc/brick1", "/etc/brick3", journalPath} {
		if _, err := other.Lstat(gone); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", gone, err)
		}
	}
	if err := other.Remove("/etc/brick2"); err != nil { // what the damaged part knew
		t.Fatal(err)
	}
	unchanged(t, n, fresh)
}
