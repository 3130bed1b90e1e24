package host

import (
	"context"
	"errors"
	"time"
)

// ErrNoAnswer is the error of a systemd that takes a question and does not answer:
// it hangs, or is stopped.
var ErrNoAnswer = errors.New("systemd did not answer")

// Units is the machine's service manager, systemd. Every call that changes
// something waits until systemd says what became of it, but not for ever: the error
// then wraps ErrNoAnswer, or says that the job did not end.
type Units interface {
	// Running reports whether systemd is this machine's init (sd_booted(3):
	// the directory /run/systemd/system is there). No other method may be
	// called where it is not.
	Running() bool
	// Reload has systemd read all unit files anew (systemctl daemon-reload).
	Reload(ctx context.Context) error
	// Start starts a unit, and waits for the end of its start. Of one that is
	// active it has no effect. A slice needs no file; when one starts, systemd
	// writes the control groups of the slices above it anew, which 257 does not
	// do after a mere Reload.
	Start(ctx context.Context, unit string) error
	// Stop stops a unit, waits for that, and has systemd forget that it failed,
	// if it did. One that systemd does not know is stopped already.
	Stop(ctx context.Context, unit string) error
	// Restart restarts a unit that runs, and waits until it has run for two
	// seconds: one that had run and ends within these is an error. One that does
	// not run is left so.
	Restart(ctx context.Context, unit string) error
	// Unit says how a unit stands; "not-found" if there is none.
	Unit(ctx context.Context, unit string) (UnitState, error)
}

// UnitState is how systemd sees a unit, in its own words (systemctl show).
type UnitState struct {
	Load   string // loaded, not-found, masked, bad-setting, error
	Active string // active, inactive, failed, activating, deactivating, reloading
	Stale  bool   // its files were changed since systemd read them (NeedDaemonReload)
	// ActiveSince is when it became active, in time since the boot
	// (ActiveEnterTimestampMonotonic); 0 when it is not, or has never been.
	ActiveSince time.Duration
	// Run is another one each time that the unit is started (its invocation ID);
	// "" while it is inactive or failed.
	Run string
}
