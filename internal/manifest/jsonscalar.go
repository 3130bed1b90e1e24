package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// longest is how many bytes a number may have.
const longest = 1 << 12

// scalar reads a number, true, false or null. More of the input overwrites it.
func (s *jsonScanner) scalar() []byte {
	w := s.w
	n := 0
	for {
		for n < w.end-w.pos && isScalarByte(w.buf[w.pos+n]) {
			n++
		}
		if n < w.end-w.pos || n > longest || !w.fill() {
			break
		}
	}
	token := w.buf[w.pos : w.pos+n]
	switch {
	case s.err != nil:
	case n <= longest && isScalar(token):
		w.pos += n
	case w.pos+n == w.end && errors.Is(w.err, io.EOF):
		w.pos = w.end
		s.fail("")
	case n == 0:
		s.unexpected("expected a value")
	default:
		s.fail("expected a value, found %q", shortened(token))
	}
	return token
}

func isScalarByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '-' || c == '+' || c == '.'
}

func isScalar(token []byte) bool {
	switch string(token) {
	case "null", "true", "false":
		return true
	}
	return isNumber(token)
}

// isNumber checks the grammar of RFC 8259.
func isNumber(b []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(b) && '0' <= b[n] && b[n] <= '9' {
			n++
		}
		b = b[n:]
		return n > 0
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) > 0 && b[0] == '0' {
		b = b[1:]
	} else if !digits() {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		if b = b[1:]; !digits() {
			return false
		}
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		if b = b[1:]; len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		return digits() && len(b) == 0
	}
	return len(b) == 0
}

// quoted reads a string. The next call, or more of the input, overwrites it.
func (s *jsonScanner) quoted() []byte {
	w := s.w
	begin := w.pos + 1
	if end := plain(w.buf[:w.end], begin); end < w.end && w.buf[end] == '"' { // most are that
		w.pos = end + 1
		return w.buf[begin:end]
	}
	s.raw = s.raw[:0]
	s.string(&s.raw)
	switch {
	case s.err != nil:
		return nil
	case bytes.IndexByte(s.raw, '\\') < 0:
		return s.raw[1 : len(s.raw)-1]
	}
	var t string
	if err := json.Unmarshal(s.raw, &t); err != nil {
		s.fail("%w", err)
	}
	return []byte(t)
}

// string passes over a string, and copies it with its quotes.
func (s *jsonScanner) string(into *[]byte) {
	w := s.w
	w.pos++
	if into != nil {
		*into = append(*into, '"')
	}
	for s.err == nil {
		end := plain(w.buf[:w.end], w.pos)
		if into != nil {
			*into = append(*into, w.buf[w.pos:end]...)
			if len(*into) > maxKept {
				s.err = &syntaxError{w.line, errTooBig}
			}
		}
		w.pos = end
		switch {
		case w.pos == w.end:
			if !w.fill() {
				s.fail("")
			}
		case w.buf[w.pos] == '"':
			w.pos++
			if into != nil {
				*into = append(*into, '"')
			}
			return
		case w.buf[w.pos] == '\\':
			s.escape(into)
		default:
			s.fail("the byte 0x%02x is not allowed in a string", w.buf[w.pos])
		}
	}
}

// escape passes over a backslash and what belongs to it.
func (s *jsonScanner) escape(into *[]byte) {
	e := s.w.peek(6)
	n := escaped(e)
	if n == 0 {
		if len(e) < 6 && s.w.err != nil {
			s.w.pos = s.w.end
		}
		s.fail("no such escape in a string: %q", e[:min(len(e), 2)])
		return
	}
	if into != nil {
		*into = append(*into, e[:n]...)
	}
	s.w.pos += n
}

// escaped is how many bytes belong to the backslash at the beginning, 0 where there is
// no such escape.
func escaped(e []byte) int {
	if len(e) < 2 {
		return 0
	}
	switch e[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(e) >= 6 && isHex(e[2]) && isHex(e[3]) && isHex(e[4]) && isHex(e[5]) {
			return 6
		}
	}
	return 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
