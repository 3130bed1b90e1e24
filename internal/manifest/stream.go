package manifest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/kubeyaml"
	"github.com/swapctl/swapctl/internal/limits"
)

// stream reads one file, and returns how many documents with something in them
// it has.
func (r *reader) stream(name string, in io.Reader) (int, error) {
	in, err := unzipped(in)
	if err != nil {
		return 0, r.worded(limits.Source{File: name, Document: 1, Item: -1}, err)
	}
	if r.buffer == nil {
		r.buffer = make([]byte, windowSize)
	}
	w := newWindow(r.ctx, in, r.buffer[:windowSize])
	s := &sink{reader: r, window: w, source: limits.Source{File: name, Item: -1}}
	err = s.documents(w)
	if err != nil {
		return s.source.Document, r.worded(s.source, err)
	}
	return s.source.Document - s.nulls, nil
}

// unzipped decompresses gzip, which is recognised by its first two bytes.
func unzipped(in io.Reader) (io.Reader, error) {
	var magic [2]byte
	n, err := io.ReadFull(in, magic[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(magic[:n]), in)
	if !bytes.Equal(magic[:n], []byte{0x1f, 0x8b}) {
		return whole, nil
	}
	z, err := gzip.NewReader(whole)
	if err != nil {
		return nil, badGzip(err)
	}
	return gunzip{z}, nil
}

// gunzip formats the errors of a gzip.Reader.
type gunzip struct{ z *gzip.Reader }

func (g gunzip) Read(b []byte) (int, error) {
	n, err := g.z.Read(b)
	return n, badGzip(err)
}

// badGzip tells the end of compressed data from one that comes too early.
func badGzip(err error) error {
	switch {
	case err == nil, err == io.EOF: //nolint:errorlint // an end in the wrong place is another error
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("gzip: %w", errCut)
	}
	return err
}

// worded formats an error of the input for people.
func (r *reader) worded(at limits.Source, err error) error {
	var syntax *syntaxError
	var refused *limits.FieldError
	var own *emitError
	if refused, ok := errors.AsType[*libraryError](err); ok {
		err = refused.placed()
	}
	switch {
	case errors.As(err, &own):
		return own.err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &refused):
		return fail.New(fail.Usage, "read the pods", refused, hintsFor(refused)...)
	case errors.As(err, &syntax):
		at.Line, err = syntax.line, syntax.err
	}
	return fail.New(fail.Usage, "read the pods", fmt.Errorf("%s: %w", at, err), hintsFor(err)...)
}

// hintsFor are the hints for an error.
func hintsFor(err error) []string {
	switch {
	case errors.Is(err, errUTF16):
		return []string{"PowerShell's '>' writes UTF-16: use 'kubectl ... | Out-File -Encoding utf8 FILE'"}
	case errors.Is(err, errCut), errors.Is(err, errListKind), errors.Is(err, gzip.ErrChecksum):
		return []string{"it is incomplete: create the file again"}
	case errors.Is(err, errTopList):
		return []string{"take the objects out of the list: jq '.[]' FILE | swapctl plan --pods -"}
	case errors.Is(err, kubeyaml.ErrSyntax):
		return []string{
			"expected is what 'kubectl get pods -A -o yaml' (or json) prints, or manifests",
			"templates have to be rendered first: helm template CHART | swapctl plan --pods -",
		}
	case errors.Is(err, errNoObject):
		return []string{"expected is what 'kubectl get pods -A -o yaml' (or json) prints, or manifests"}
	case errors.Is(err, errKindLate):
		return []string{"put kind before items: jq '{apiVersion, kind, items}' FILE | swapctl plan --pods -"}
	}
	return nil
}

// emitError is an error of the function that takes the objects, returned
// unchanged.
type emitError struct{ err error }

func (e *emitError) Error() string { return e.err.Error() }
func (e *emitError) Unwrap() error { return e.err }

// documents reads all documents, each JSON or YAML.
func (s *sink) documents(w *window) error {
	if err := byteOrderMark(w); err != nil {
		s.begin(0)
		return err
	}
	j, y := newJSONScanner(w, s), newYAMLScanner(w, s)
	for last := none; ; {
		next, err := nextDocument(w, last)
		switch {
		case err != nil:
			s.begin(0)
			return err
		case next == none:
			return nil
		case next == inJSON:
			err = j.document()
		default:
			err = y.document()
		}
		if err != nil {
			return err
		}
		last = next
	}
}

// byteOrderMark skips that of UTF-8, which editors on Windows write.
func byteOrderMark(w *window) error {
	// Bytes that are not UTF-8 are not shown, but they exist.
	head := w.peek(3)
	raw := w.buf[:2]
	switch {
	case bytes.Equal(head, []byte("\ufeff")):
		w.pos += 3
	case errors.Is(w.err, errNotUTF8) && w.end == 0 &&
		(bytes.Equal(raw, []byte{0xff, 0xfe}) || bytes.Equal(raw, []byte{0xfe, 0xff})):
		return &syntaxError{1, errUTF16}
	}
	return nil
}
