package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// programs is Programs over fork and exec.
type programs struct{}

// Output implements Programs.
func (programs) Output(ctx context.Context, program string, args ...string) ([]byte, error) {
	if !filepath.IsAbs(program) {
		return nil, fmt.Errorf("run %s: it is not an absolute path", program)
	}
	if os.Geteuid() == 0 {
		if err := OnlyRoot(files{}, program); err != nil {
			return nil, fmt.Errorf("run %s: %w", program, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, RunTime)
	defer cancel()
	// A program that prints too much is killed: nobody reads the rest.
	out, complaints := &bounded{limit: RunOutput, full: cancel}, &bounded{limit: 4 << 10, full: func() {}}
	child := command(ctx, program, args...)
	child.Stdout, child.Stderr = out, complaints
	err := finish(child)
	switch {
	case out.over:
		return nil, fmt.Errorf("run %s: it said more than %d KiB", program, RunOutput>>10)
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("run %s: it did not end within %v", program, RunTime)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("run %s: %w", program, ctx.Err())
	case err != nil:
		if text := strings.TrimSpace(complaints.kept.String()); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, fmt.Errorf("run %s: %w", program, err)
	}
	return out.kept.Bytes(), nil
}

// bounded keeps the first bytes that are written to it, and accepts all.
type bounded struct {
	kept  bytes.Buffer // not embedded: its ReadFrom would go past Write
	limit int
	full  func() // called when there are more bytes
	over  bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), b.limit-b.kept.Len())
	b.kept.Write(p[:keep])
	if keep < len(p) && !b.over {
		b.over = true
		b.full()
	}
	return len(p), nil
}
