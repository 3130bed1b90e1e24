package report

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// Records writes flat records with the same fields in the same order: as the
// rows of a CSV file, or as a list in a Document. Each takes a fraction of a
// microsecond, and no memory. A record is its fields and then Next.
type Records struct {
	stream *stream
	shape  shape
	count  int
	fields []field
	at     int  // number of the next field
	naming bool // the names are written, not the values
}

// field is a field of the previous record. Most values repeat (a namespace, a
// sentence), and copying is faster than checking each character.
type field struct {
	key    []byte // the text before the value, from the second record on
	kind   kind
	text   string
	number int64
	whole  []byte // key and value; empty before the second record
}

// kind is what a value is.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindNothing
)

// shape is the format of a record.
type shape int

const (
	shapeCSV shape = iota
	shapeJSON
	shapeYAML
)

// NewCSV begins a CSV file (RFC 4180, with lines that end as Unix has them).
// put gives one record of any values; its names are the first line. It is also
// there when no record follows.
func NewCSV(w io.Writer, put func(*Records)) *Records {
	r := &Records{stream: &stream{to: w}, naming: true}
	put(r)
	_ = r.Next() // the first write of a record decides
	r.naming, r.count, r.fields = false, 0, nil
	return r
}

// Text adds a field that is a text.
func (r *Records) Text(name, value string) {
	f := r.field(name)
	if len(f.whole) > 0 && f.kind == kindText && f.text == value {
		r.stream.buf = append(r.stream.buf, f.whole...)
		return
	}
	f.kind, f.text = kindText, value
	b, start := r.begin(name)
	switch {
	case r.naming:
	case r.shape == shapeCSV:
		b = appendCSV(b, value)
	case r.shape == shapeYAML && isPlainYAML(value):
		b = append(b, value...)
	case r.shape == shapeYAML && !isSimple(value):
		// Go and YAML escape alike; JSON leaves some line ends of YAML bare.
		b = strconv.AppendQuoteToASCII(b, strings.ToValidUTF8(value, "\ufffd"))
	default:
		b = appendQuoted(b, value)
	}
	r.end(b, start)
}

// Number adds a field with a whole number.
func (r *Records) Number(name string, value int64) {
	f := r.field(name)
	if len(f.whole) > 0 && f.kind == kindNumber && f.number == value {
		r.stream.buf = append(r.stream.buf, f.whole...)
		return
	}
	f.kind, f.number = kindNumber, value
	b, start := r.begin(name)
	if !r.naming {
		b = strconv.AppendInt(b, value, 10)
	}
	r.end(b, start)
}

// Maybe adds a field with a whole number or nothing: null, and in CSV an empty
// field.
func (r *Records) Maybe(name string, value *int64) {
	if value != nil {
		r.Number(name, *value)
		return
	}
	r.field(name).kind = kindNothing
	b, start := r.begin(name)
	if r.shape != shapeCSV {
		b = append(b, "null"...)
	}
	r.end(b, start)
}

// field returns the next field, as it was in the record before.
func (r *Records) field(name string) *field {
	if r.at == len(r.fields) {
		r.fields = append(r.fields, field{key: r.appendKey(nil, name, r.at == 0, false)})
	}
	r.at++
	return &r.fields[r.at-1]
}

// begin writes what stands before a value, and says where it began.
func (r *Records) begin(name string) (b []byte, start int) {
	b = r.stream.buf
	if r.count == 0 { // the first record begins the list
		return r.appendKey(b, name, r.at == 1, true), len(b)
	}
	return append(b, r.fields[r.at-1].key...), len(b)
}

// end keeps what was written, for when it comes again.
func (r *Records) end(b []byte, start int) {
	if r.count > 0 {
		f := &r.fields[r.at-1]
		f.whole = append(f.whole[:0], b[start:]...)
	}
	r.stream.buf = b
}

// appendKey appends what stands before a value: of the first field of a record
// or another, of the first record or another.
func (r *Records) appendKey(b []byte, name string, firstField, firstRecord bool) []byte {
	switch {
	case r.shape == shapeCSV && !firstField:
		b = append(b, ',')
	case r.shape == shapeCSV:
	case r.shape == shapeYAML && firstField:
		b = append(b, "\n  - "...)
	case r.shape == shapeYAML:
		b = append(b, "\n    "...)
	case !firstField:
		b = append(b, ",\n      "...)
	case firstRecord:
		b = append(b, "[\n    {\n      "...)
	default:
		b = append(b, ",\n    {\n      "...)
	}
	switch {
	case r.shape == shapeJSON:
		return append(appendQuoted(b, name), ": "...)
	case r.shape == shapeYAML:
		return append(append(b, name...), ": "...)
	case r.naming:
		return append(b, name...)
	}
	return b
}

// Next ends a record. The error is that of the stream, so that nobody continues
// if the reader has gone.
func (r *Records) Next() error {
	switch r.shape {
	case shapeCSV:
		r.stream.buf = append(r.stream.buf, '\n')
	case shapeJSON:
		r.stream.buf = append(r.stream.buf, "\n    }"...)
	case shapeYAML:
	}
	r.at = 0
	r.count++
	r.stream.flush(flushAt)
	return r.stream.err
}

// Close ends the list, or the file.
func (r *Records) Close() error {
	switch {
	case r.shape == shapeCSV:
		return r.stream.end()
	case r.shape == shapeYAML && r.count == 0:
		r.stream.buf = append(r.stream.buf, " []\n"...)
	case r.shape == shapeYAML:
		r.stream.buf = append(r.stream.buf, '\n')
	case r.count == 0:
		r.stream.buf = append(r.stream.buf, "[]"...)
	default:
		r.stream.buf = append(r.stream.buf, "\n  ]"...)
	}
	return r.stream.err
}

// appendQuoted appends a string as JSON.
func appendQuoted(b []byte, s string) []byte {
	if !isSimple(s) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// isSimple reports whether a text needs no escapes in quotes.
func isSimple(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendEscaped is appendQuoted for a text with characters that need care.
func appendEscaped(b []byte, s string) []byte {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // a string is never refused
	return append(b, strings.TrimSuffix(text.String(), "\n")...)
}

// isPlainYAML reports whether every YAML reader reads an unquoted s as this
// string: names and plain sentences. In doubt it returns false.
func isPlainYAML(s string) bool {
	if s == "" || !isLetter(s[0]) && s[0] != '/' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c), c-'0' <= 9:
		case c == '-', c == '.', c == '/', c == '_', c == ' ', c == ',', c == '(', c == ')', c == ';':
		default:
			return false
		}
	}
	if len(s) > len("false") {
		return true
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return true
}

func isLetter(c byte) bool { return (c|0x20)-'a' <= 'z'-'a' }

// appendCSV appends a field, quoted where it must be.
func appendCSV(b []byte, s string) []byte {
	quoted := s != "" && s[0] == ' '
	for i := range len(s) {
		c := s[i]
		quoted = quoted || c == ',' || c == '"' || c == '\r' || c == '\n'
	}
	if !quoted {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}
