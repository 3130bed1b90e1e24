package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// windowSize is how much of the input is in memory at a time.
const windowSize = 64 << 10

// maxWindow is how much has to be in memory at most: of YAML a line, or a whole
// object that the line scanner is not sure about.
const maxWindow = kubeyaml.MaxText

// maxObject is how much may be passed over for one object, or between two: no API
// server takes an object of more than a few MiB, but what is printed of a cluster
// may have Lists in Lists. Without it an endless input would be read for ever.
const maxObject = 64 << 20

// window is the part of a stream that is being looked at, with its line
// numbers. What it shows is valid UTF-8.
type window struct {
	ctx     context.Context
	r       io.Reader
	buf     []byte
	pos     int   // the next byte to look at; what is before may go
	mark    int   // what is from here on stays, -1: nothing before pos
	end     int   // behind the last byte that is there
	checked int   // buf[:checked] is valid UTF-8
	err     error // why there will be no more; io.EOF at the end
	since   int   // what was read since an object began

	line    int // the line that buf[counted] is in
	counted int
}

func newWindow(ctx context.Context, r io.Reader, buf []byte) *window {
	if buf == nil {
		buf = make([]byte, windowSize)
	}
	return &window{ctx: ctx, r: r, buf: buf, mark: -1, line: 1}
}

// Why an input cannot be read on. The end of the input has a message of its
// own, by who wanted more.
var (
	errNotUTF8 = errors.New("the text is not UTF-8")
	errUTF16   = errors.New("the text is UTF-16, expected UTF-8")
	errEndless = errors.New("more than 64 MiB without another object in it")
	errTooLong = errors.New("a line, or an object in a form that needs it whole, of more than 4 MiB: no API server takes that")
)

// fill gets more behind end, and reports whether it did. What is between mark
// or pos and end keeps its distance from pos, not its place in buf.
func (w *window) fill() bool {
	for idle := 0; w.err == nil && idle < 100; idle++ {
		if err := w.ctx.Err(); err != nil {
			w.err = err
			return false
		}
		if w.slide(); w.err != nil {
			return false
		}
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		if w.since += n; err == nil && w.since > maxObject {
			err = errEndless
		}
		if err != nil {
			w.err = err
		}
		w.check()
		if n > 0 {
			return true
		}
	}
	if w.err == nil {
		w.err = io.ErrNoProgress
	}
	return false
}

// slide makes room behind end: by giving up what is before pos, or by a larger
// buffer where all of it is still needed.
func (w *window) slide() {
	from := w.pos
	if w.mark >= 0 {
		from = w.mark
	}
	switch {
	case from > 0 && (from == w.end || w.end == len(w.buf)):
		w.lineAt(from)
		copy(w.buf, w.buf[from:w.end])
		w.pos -= from
		w.end -= from
		w.checked -= from
		w.counted -= from
		if w.mark >= 0 {
			w.mark = 0
		}
	case w.end == len(w.buf) && len(w.buf) >= maxWindow:
		w.err = errTooLong
	case w.end == len(w.buf):
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
}

// check keeps back what is not UTF-8.
func (w *window) check() {
	fresh := w.buf[w.checked:w.end]
	cut := len(fresh)
	for back := 1; back <= min(utf8.UTFMax, cut); back++ {
		if c := fresh[cut-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(fresh[cut-back:]) && w.err == nil {
				cut -= back // the rest of it comes with the next read
			}
			break
		}
	}
	if utf8.Valid(fresh[:cut]) {
		w.checked += cut
		return
	}
	for len(fresh) > 0 {
		r, size := utf8.DecodeRune(fresh)
		if r == utf8.RuneError && size == 1 {
			break
		}
		fresh = fresh[size:]
		w.checked += size
	}
	w.end, w.err = w.checked, errNotUTF8
}

// more reports whether there is a byte to look at.
func (w *window) more() bool { return w.pos < w.end || w.fill() }

// peek makes n bytes visible, or all there are if there are fewer.
func (w *window) peek(n int) []byte {
	for w.end-w.pos < n && w.fill() { //nolint:revive // fill is the body
	}
	return w.buf[w.pos:min(w.end, w.pos+n)]
}

// lineAt is the line of a place in buf, at or after the last that was asked.
func (w *window) lineAt(at int) int {
	if at > w.counted {
		w.line += bytes.Count(w.buf[w.counted:at], []byte{'\n'})
		w.counted = at
	}
	return w.line
}

// passed goes to a place of which the line is known.
func (w *window) passed(at, line int) { w.pos, w.counted, w.line = at, at, line }

// syntaxError is a place where the input cannot be understood.
type syntaxError struct {
	line int
	err  error
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *syntaxError) Unwrap() error { return e.err }

// fail says what is wrong here, or that the input ended before.
func (w *window) fail(ended string, format string, args ...any) error {
	line := w.lineAt(w.pos)
	switch {
	case w.pos < w.end || w.err == nil:
		return &syntaxError{line, fmt.Errorf(format, args...)}
	case errors.Is(w.err, io.EOF):
		return &syntaxError{line, fmt.Errorf("%w %s", errCut, ended)}
	}
	return &syntaxError{line, w.err}
}

// errCut is input that ends too early.
var errCut = errors.New("the input is cut off")
