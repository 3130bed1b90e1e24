package host

import (
	"context"
	"errors"
	"time"
)

// ErrNoAnswer is the error of a systemd that does not answer: it hangs, or is
// stopped.
var ErrNoAnswer = errors.New("systemd did not answer")

// Units is the machine's service manager, systemd. Every call that changes
// something waits for the result, but not for ever: the error then wraps
// ErrNoAnswer, or says that the job did not end.
type Units interface {
	// Running reports whether systemd is this machine's init (sd_booted(3): the
	// directory /run/systemd/system exists). If it is not, no other method may
	// be called.
	Running() bool
	// Reload makes systemd read all unit files again (systemctl daemon-reload).
	Reload(ctx context.Context) error
	// Start starts a unit, and waits until it has started. It has no effect on
	// an active unit. A slice needs no file; when one starts, systemd writes
	// the control groups of the slices above it again, which 257 does not do
	// after a mere Reload.
	Start(ctx context.Context, unit string) error
	// Stop stops a unit, waits for that, and resets its failed state. A unit
	// that systemd does not know counts as stopped.
	Stop(ctx context.Context, unit string) error
	// Restart restarts a running unit, and waits until it has run for two
	// seconds: if it ends within these, that is an error. A unit that does not
	// run is not started.
	Restart(ctx context.Context, unit string) error
	// Unit returns the state of a unit; "not-found" if it does not exist.
	Unit(ctx context.Context, unit string) (UnitState, error)
}

// UnitState is the state of a unit, in systemd's own words (systemctl show).
type UnitState struct {
	Load   string // loaded, not-found, masked, bad-setting, error
	Active string // active, inactive, failed, activating, deactivating, reloading
	Stale  bool   // its files were changed since systemd read them (NeedDaemonReload)
	// ActiveSince is when it became active, in time since the boot
	// (ActiveEnterTimestampMonotonic); 0 if it is not active, or never was.
	ActiveSince time.Duration
	// Run changes each time that the unit is started (its invocation ID); ""
	// while it is inactive or failed.
	Run string
}
