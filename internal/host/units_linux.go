package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// units is Units over systemd's private socket: only root may use it, no
// message bus has to run, and it also answers early in the boot.
type units struct {
	socket              string
	answer, reload, job time.Duration // limits of every call, whatever its context allows
}

// The longest time for systemd. An answer, also that to the authentication: as
// long as its own clients wait (src/libsystemd/sd-bus/bus-internal.h of systemd
// 257, BUS_DEFAULT_TIMEOUT). A reload, which runs all generators: as long as
// systemctl waits (src/basic/constants.h, DAEMON_RELOAD_TIMEOUT_SEC). A job:
// the default time to stop and to start a unit (systemd-system.conf(5),
// DefaultTimeoutStopSec= and DefaultTimeoutStartSec=, 90 s each), and a minute
// more for units that take longer.
const (
	answerTime = 25 * time.Second
	reloadTime = 180 * time.Second
	jobTime    = 4 * time.Minute
)

func systemdUnits() units {
	return units{socket: "/run/systemd/private", answer: answerTime, reload: reloadTime, job: jobTime}
}

// Running implements Units.
func (units) Running() bool {
	st, err := os.Lstat("/run/systemd/system")
	return err == nil && st.IsDir()
}

// Reload implements Units.
func (u units) Reload(ctx context.Context) error {
	return u.talk(ctx, "reload its unit files", func(t talk) error {
		t.limit(u.reload, noAnswer(u.reload))
		return t.ReloadContext(t.ctx)
	})
}

// Start implements Units.
func (u units) Start(ctx context.Context, unit string) error {
	return u.run(ctx, "start", unit, (*systemd.Conn).StartUnitContext)
}

// Stop implements Units.
func (u units) Stop(ctx context.Context, unit string) error {
	err := u.run(ctx, "stop", unit, (*systemd.Conn).StopUnitContext)
	if err == nil {
		err = u.talk(ctx, "forget the failure of "+unit, func(t talk) error { return t.ResetFailedUnitContext(t.ctx, unit) })
	}
	if known, ok := errors.AsType[dbus.Error](err); ok && known.Name == "org.freedesktop.systemd1.NoSuchUnit" {
		return nil
	}
	return err
}

// restartWait is how long a restarted unit is watched. A kubelet that does not
// accept its configuration, or the swap, ends within a second.
const restartWait = 2 * time.Second

// Restart implements Units.
func (u units) Restart(ctx context.Context, unit string) error {
	before, err := u.Unit(ctx, unit)
	if err != nil {
		return err
	}
	if err := u.run(ctx, "restart", unit, (*systemd.Conn).TryRestartUnitContext); err != nil || before.Active != "active" {
		return err
	}
	first := ""
	for end := time.Now().Add(restartWait); time.Now().Before(end); {
		now, err := u.Unit(ctx, unit)
		if err != nil {
			return err
		}
		if first == "" {
			first = now.Run
		}
		if now.Active != "active" || now.Run != first {
			return fmt.Errorf("systemd: restart %s: it ended again at once (%s)", unit, now.Active)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("systemd: restart %s: %w", unit, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// Unit implements Units.
func (u units) Unit(ctx context.Context, unit string) (UnitState, error) {
	var s UnitState
	err := u.talk(ctx, "show "+unit, func(t talk) error {
		properties, err := t.GetUnitPropertiesContext(t.ctx, unit)
		if err != nil {
			return err
		}
		s.Load, _ = properties["LoadState"].(string)
		s.Active, _ = properties["ActiveState"].(string)
		s.Stale, _ = properties["NeedDaemonReload"].(bool)
		since, _ := properties["ActiveEnterTimestampMonotonic"].(uint64)
		s.ActiveSince = time.Duration(since) * time.Microsecond
		if run, ok := properties["InvocationID"].([]byte); ok && s.Active != "inactive" && s.Active != "failed" {
			s.Run = hex.EncodeToString(run)
		}
		return nil
	})
	return s, err
}

// jobCall is one of the library's calls that queue a job.
type jobCall func(c *systemd.Conn, ctx context.Context, unit, mode string, result chan<- string) (int, error)

// run queues a job and waits for its result.
func (u units) run(ctx context.Context, what, unit string, queue jobCall) error {
	return u.talk(ctx, what+" "+unit, func(t talk) error {
		results := make(chan string, 1)
		if _, err := queue(t.Conn, t.ctx, unit, "replace", results); err != nil {
			return err
		}
		t.limit(u.job, fmt.Errorf("the job did not end within %v", u.job))
		gone := time.NewTicker(time.Second)
		defer gone.Stop()
		for {
			select {
			case result := <-results:
				if result == "done" || result == "skipped" {
					return nil
				}
				return fmt.Errorf("the job's result is %q", result)
			case <-gone.C:
				if t.ctx.Err() == nil && !t.Connected() {
					return errors.New("it closed the connection")
				}
			case <-t.ctx.Done():
				return t.ctx.Err()
			}
		}
	})
}

// talk is one connection to systemd. It is closed when its context ends, and
// every call on it then returns.
type talk struct {
	*systemd.Conn

	ctx   context.Context
	limit func(time.Duration, error) // from now on, instead of the previous limit
}

// talk is the only way to systemd: no call on it can take longer than the
// limits, whatever ctx allows.
func (u units) talk(ctx context.Context, op string, say func(talk) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var timer *time.Timer
	limit := func(most time.Duration, why error) {
		if timer != nil {
			timer.Stop()
		}
		timer = time.AfterFunc(most, func() { end(why) })
	}
	limit(u.answer, noAnswer(u.answer))
	defer func() { timer.Stop() }()
	c, err := systemd.NewConnection(func() (*dbus.Conn, error) { return u.dial(ctx) })
	if err == nil {
		defer c.Close()
		err = say(talk{c, ctx, limit})
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, ErrNoAnswer) {
		return fmt.Errorf("%s: %w", op, err)
	}
	return fmt.Errorf("systemd: %s: %w", op, err)
}

func noAnswer(within time.Duration) error { return fmt.Errorf("%w within %v", ErrNoAnswer, within) }

// dial connects as the library does for its own path (NewSystemdConnectionContext):
// without Hello, which is for a message bus.
func (u units) dial(ctx context.Context) (*dbus.Conn, error) {
	c, err := dbus.Dial("unix:path="+u.socket, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if err := c.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Getuid()))}); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
