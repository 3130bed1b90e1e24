package host

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// socket is one of a systemd that does with each connection what it is told.
func socket(t *testing.T, serve func(net.Conn)) units {
	t.Helper()
	name := filepath.Join(t.TempDir(), "private")
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			if serve != nil {
				go serve(c)
			}
		}
	}()
	return units{socket: name, answer: 100 * time.Millisecond, reload: 100 * time.Millisecond, job: 100 * time.Millisecond}
}

// polite lets a client in, and then says nothing any more.
func polite(c net.Conn) {
	in := bufio.NewReader(c)
	for _, answer := range []string{"REJECTED EXTERNAL\r\n", "OK 0123456789abcdef0123456789abcdef\r\n", "AGREE_UNIX_FD\r\n"} {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
	_, _ = io.Copy(io.Discard, in)
}

// TestNoCallWaitsForEverForSystemd: each call ends by itself, also for a caller that
// cannot be interrupted, as a rollback.
func TestNoCallWaitsForEverForSystemd(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){"accepts only": nil, "lets in only": polite} {
		u := socket(t, serve)
		for call, do := range map[string]func(context.Context) error{
			"reload":  u.Reload,
			"start":   func(ctx context.Context) error { return u.Start(ctx, "x.service") },
			"stop":    func(ctx context.Context) error { return u.Stop(ctx, "x.service") },
			"restart": func(ctx context.Context) error { return u.Restart(ctx, "x.service") },
			"show":    func(ctx context.Context) error { _, err := u.Unit(ctx, "x.service"); return err },
		} {
			t.Run(name+"/"+call, func(t *testing.T) {
				t.Parallel()
				begin := time.Now()
				err := do(context.WithoutCancel(context.Background()))
				if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "systemd did not answer within 100ms") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		}
	}
}

// TestACallToSystemdEndsWithItsContext: ^C need not wait for the limit.
func TestACallToSystemdEndsWithItsContext(t *testing.T) {
	u := socket(t, polite)
	u.answer = time.Hour
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := u.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrNoAnswer) {
		t.Errorf("got %v", err)
	}
}
