package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// programs is Programs over fork and exec.
type programs struct{}

// Output implements Programs.
func (programs) Output(ctx context.Context, program string, args ...string) ([]byte, error) {
	if !filepath.IsAbs(program) {
		return nil, fmt.Errorf("run %s: it is not an absolute path", program)
	}
	ctx, cancel := context.WithTimeout(ctx, RunTime)
	defer cancel()
	out, complaints := &bounded{limit: RunOutput}, &bounded{limit: 4 << 10}
	child := exec.CommandContext(ctx, program, args...)
	child.Dir, child.Env = "/", []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	child.Stdout, child.Stderr = out, complaints
	// Its children go with it, and a ^C is ours to hear.
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	child.Cancel = func() error { return unix.Kill(-child.Process.Pid, unix.SIGKILL) }
	child.WaitDelay = time.Second
	err := child.Run()
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("run %s: it did not end within %v", program, RunTime)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("run %s: %w", program, ctx.Err())
	case out.over:
		return nil, fmt.Errorf("run %s: it said more than %d KiB", program, RunOutput>>10)
	case err != nil:
		if text := strings.TrimSpace(complaints.kept.String()); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, fmt.Errorf("run %s: %w", program, err)
	}
	return out.kept.Bytes(), nil
}

// bounded keeps the first bytes of what is written to it, and takes all.
type bounded struct {
	kept  bytes.Buffer // not embedded: its ReadFrom would go past Write
	limit int
	over  bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), b.limit-b.kept.Len())
	b.over = b.over || keep < len(p)
	b.kept.Write(p[:keep])
	return len(p), nil
}
