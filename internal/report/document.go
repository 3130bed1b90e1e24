package report

import (
	"bytes"
	"encoding/json"
	"io"
)

// Document is a JSON or YAML document that is written member by member, if it
// is too long to build first. Its form is that of Encode. The first error of
// the stream is kept; End returns it.
type Document struct {
	stream  *stream
	yaml    bool
	members int
}

// NewDocument begins a document.
func NewDocument(w io.Writer, f Format) *Document {
	return &Document{stream: &stream{to: w}, yaml: f == YAML}
}

// Member writes a member that is encoded as a whole.
func (d *Document) Member(name string, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	var err error
	if d.yaml {
		if err = encoder.Encode(map[string]any{name: value}); err == nil {
			err = toYAML(&text)
		}
	} else {
		d.key(name)
		encoder.SetIndent("  ", "  ")
		err = encoder.Encode(value)
	}
	d.stream.keep(err)
	whole := text.Bytes()
	if !d.yaml {
		whole = bytes.TrimSuffix(whole, []byte("\n"))
	}
	d.stream.buf = append(d.stream.buf, whole...)
	d.stream.flush(flushAt)
}

// List begins a member that is a list of flat records; it ends with its Close.
func (d *Document) List(name string) *Records {
	d.key(name)
	shape := shapeJSON
	if d.yaml {
		shape = shapeYAML
	}
	return &Records{stream: d.stream, shape: shape}
}

// key begins a member.
func (d *Document) key(name string) {
	b := d.stream.buf
	switch {
	case d.yaml:
	case d.members == 0:
		b = append(b, "{\n  "...)
	default:
		b = append(b, ",\n  "...)
	}
	d.members++
	if d.yaml {
		b = append(b, name...)
		d.stream.buf = append(b, ':')
		return
	}
	d.stream.buf = append(appendQuoted(b, name), ": "...)
}

// End ends the document and returns the first error.
func (d *Document) End() error {
	if !d.yaml {
		d.stream.buf = append(d.stream.buf, "\n}\n"...)
	}
	return d.stream.end()
}

// flushAt is how much text is written at a time.
const flushAt = 32 << 10

// stream collects text for few, large writes.
type stream struct {
	to  io.Writer
	buf []byte
	err error
}

// keep remembers the first error.
func (s *stream) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// flush writes the text if it has at least this length.
func (s *stream) flush(least int) {
	if len(s.buf) < least {
		return
	}
	if s.err == nil {
		_, s.err = s.to.Write(s.buf)
	}
	s.buf = s.buf[:0]
}

func (s *stream) end() error {
	s.flush(0)
	return s.err
}
