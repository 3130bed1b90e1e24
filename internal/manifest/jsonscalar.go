package manifest

import (
	"errors"
	"io"
)

// scalar passes over a number, true, false or null, and copies it.
func (s *jsonScanner) scalar(into *[]byte) {
	const longest = 1 << 12
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
	case string(token) == "null", string(token) == "true", string(token) == "false", n <= longest && isNumber(token):
		if into != nil {
			*into = append(*into, token...)
		}
		w.pos += n
	case w.pos+n == w.end && errors.Is(w.err, io.EOF):
		w.pos = w.end
		s.fail("")
	case n == 0:
		s.unexpected("expected a value")
	default:
		s.fail("expected a value, found %q", shortened(token))
	}
}

func isScalarByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '-' || c == '+' || c == '.'
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
