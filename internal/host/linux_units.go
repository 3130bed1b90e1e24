package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// units is Units over systemd's private socket, /run/systemd/private: root may
// use it, no message bus has to run, and it answers in an early boot as well.
type units struct{}

// managerWait is how long systemd itself may take for an answer; a job of a unit
// has that unit's own time limit.
const managerWait = 60 * time.Second

// Running implements Units.
func (units) Running() bool {
	st, err := os.Lstat("/run/systemd/system")
	return err == nil && st.IsDir()
}

// Reload implements Units.
func (units) Reload(ctx context.Context) error {
	return manager(ctx, "reload its unit files", func(ctx context.Context, c *systemd.Conn) error {
		return c.ReloadContext(ctx)
	})
}

// Start implements Units.
func (units) Start(ctx context.Context, unit string) error {
	return job(ctx, "start", unit, (*systemd.Conn).StartUnitContext)
}

// Stop implements Units.
func (units) Stop(ctx context.Context, unit string) error {
	err := job(ctx, "stop", unit, (*systemd.Conn).StopUnitContext)
	if err == nil {
		err = manager(ctx, "forget the failure of "+unit, func(ctx context.Context, c *systemd.Conn) error {
			return c.ResetFailedUnitContext(ctx, unit)
		})
	}
	if known, ok := errors.AsType[dbus.Error](err); ok && known.Name == "org.freedesktop.systemd1.NoSuchUnit" {
		return nil
	}
	return err
}

// restartWait is how long a restarted unit is watched. A kubelet that does not
// take its configuration, or the swap, ends within a second.
const restartWait = 2 * time.Second

// Restart implements Units.
func (u units) Restart(ctx context.Context, unit string) error {
	before, err := u.Unit(ctx, unit)
	if err != nil {
		return err
	}
	if err := job(ctx, "restart", unit, (*systemd.Conn).TryRestartUnitContext); err != nil || before.Active != "active" {
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
func (units) Unit(ctx context.Context, unit string) (UnitState, error) {
	var s UnitState
	err := manager(ctx, "show "+unit, func(ctx context.Context, c *systemd.Conn) error {
		properties, err := c.GetUnitPropertiesContext(ctx, unit)
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

// job queues a job and waits for its result. It has no time limit but ctx and
// those of the unit: systemd ends every job.
func job(ctx context.Context, what, unit string, queue jobCall) error {
	op := what + " " + unit
	c, err := systemd.NewSystemdConnectionContext(ctx)
	if err != nil {
		return fmt.Errorf("systemd: %s: %w", op, err)
	}
	defer c.Close()
	results := make(chan string, 1)
	if _, err := queue(c, ctx, unit, "replace", results); err != nil {
		return fmt.Errorf("systemd: %s: %w", op, err)
	}
	gone := time.NewTicker(time.Second)
	defer gone.Stop()
	for {
		select {
		case result := <-results:
			if result == "done" || result == "skipped" {
				return nil
			}
			return fmt.Errorf("systemd: %s: the job's result is %q", op, result)
		case <-gone.C:
			if !c.Connected() {
				return fmt.Errorf("systemd: %s: it closed the connection", op)
			}
		case <-ctx.Done():
			return fmt.Errorf("systemd: %s: %w", op, ctx.Err())
		}
	}
}

// manager makes one call that systemd answers by itself.
func manager(ctx context.Context, op string, call func(context.Context, *systemd.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, managerWait)
	defer cancel()
	c, err := systemd.NewSystemdConnectionContext(ctx)
	if err == nil {
		defer c.Close()
		err = call(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("systemd: %s: %w", op, err)
	}
	return nil
}
