package manifest

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"
)

// fail remembers the first error.
func (s *jsonScanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = s.w.fail("inside an object", format, args...)
	}
}

// unexpected fails because of the byte at hand.
func (s *jsonScanner) unexpected(wanted string) {
	if s.w.pos < s.w.end {
		s.fail("%s, found %q", wanted, s.w.buf[s.w.pos])
		return
	}
	s.fail("%s", wanted)
}

// space passes over white space and returns the byte behind, 0 after an error.
func (s *jsonScanner) space() byte {
	if w := s.w; w.pos < w.end && w.buf[w.pos] > ' ' {
		return w.buf[w.pos]
	}
	return s.spaces()
}

// spaces is space where there is some. Most of it are ends of lines with
// indentation behind, which goes eight bytes at a time.
func (s *jsonScanner) spaces() byte {
	const eight = 0x2020202020202020
	w := s.w
	for s.err == nil {
		buf := w.buf[:w.end]
		for i := w.pos; i < len(buf); i++ {
			for len(buf)-i >= 8 {
				others := binary.LittleEndian.Uint64(buf[i:]) ^ eight
				if others != 0 {
					i += bits.TrailingZeros64(others) / 8
					break
				}
				i += 8
			}
			if i == len(buf) {
				break
			}
			if c := buf[i]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				w.pos = i
				return c
			}
		}
		w.pos = w.end
		if !w.fill() {
			s.fail("")
		}
	}
	return 0
}

// expect passes over the byte c.
func (s *jsonScanner) expect(c byte, wanted string) {
	if s.err == nil && s.w.buf[s.w.pos] != c {
		s.unexpected(wanted)
	}
	if s.err == nil {
		s.w.pos++
	}
}

// name reads the name of a member and the colon.
func (s *jsonScanner) name() {
	s.raw = s.raw[:0]
	s.skipName(&s.raw)
	if s.err != nil {
		return
	}
	s.key = s.raw[1 : len(s.raw)-1]
	if bytes.IndexByte(s.key, '\\') >= 0 {
		s.key, s.err = jsontext.AppendUnquote(nil, s.raw)
	}
}

// skipName passes over the name of a member and the colon, and copies the name.
func (s *jsonScanner) skipName(into *[]byte) {
	if s.space() != '"' {
		s.unexpected("expected the name of a field in quotes")
		return
	}
	s.string(into)
	if w := s.w; w.end-w.pos >= 2 && w.buf[w.pos] == ':' && w.buf[w.pos+1] == ' ' { // as printed with indentation
		w.pos += 2
		return
	}
	s.space()
	s.expect(':', "expected a colon")
}

// skip passes over a value, looking only at its grammar.
func (s *jsonScanner) skip() {
	s.open = s.open[:0]
	for s.err == nil {
		switch c := s.space(); c {
		case '{', '[':
			if s.enter(c) {
				continue
			}
		case '"':
			s.string(nil)
		default:
			s.scalar(nil)
		}
		if s.leave() {
			return
		}
	}
}

// enter passes over the bracket c, and reports whether something is inside;
// otherwise it passes over the whole.
func (s *jsonScanner) enter(c byte) bool {
	if s.depth+len(s.open) >= maxDepth {
		s.err = &syntaxError{s.w.lineAt(s.w.pos), errTooDeep}
		return false
	}
	s.w.pos++
	if s.space() == closing(c) {
		s.w.pos++
		return false
	}
	if c == '{' {
		s.skipName(nil)
	}
	s.open = append(s.open, c)
	return true
}

// closing is the bracket that belongs to c: both stand two apart in ASCII.
func closing(c byte) byte { return c + 2 }

// leave goes from the end of a value to the beginning of the next, and reports
// whether there is none: then the whole is passed.
func (s *jsonScanner) leave() bool {
	for s.err == nil && len(s.open) > 0 {
		top := s.open[len(s.open)-1]
		switch s.space() {
		case ',':
			s.w.pos++
			if top == '{' {
				s.skipName(nil)
			}
			return false
		case closing(top):
			s.w.pos++
			s.open = s.open[:len(s.open)-1]
		default:
			s.unexpected("expected a comma or the end of the " + map[byte]string{'{': "object", '[': "list"}[top])
		}
	}
	return true
}

// string passes over a string, and copies it with its quotes.
func (s *jsonScanner) string(into *[]byte) {
	w := s.w
	w.pos++
	if into == nil {
		if n := plainBytes(w.buf[w.pos:w.end]); w.pos+n < w.end && w.buf[w.pos+n] == '"' { // most are that
			w.pos += n + 1
			return
		}
	} else {
		*into = append(*into, '"')
	}
	for s.err == nil {
		n := plainBytes(w.buf[w.pos:w.end])
		if into != nil {
			*into = append(*into, w.buf[w.pos:w.pos+n]...)
			if len(*into) > maxKept {
				s.err = &syntaxError{w.lineAt(w.pos), errTooBig}
			}
		}
		w.pos += n
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
	n := 2
	good := len(e) >= 2
	if good {
		switch e[1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			n = 6
			good = len(e) == 6 && isHex(e[2]) && isHex(e[3]) && isHex(e[4]) && isHex(e[5])
		default:
			good = false
		}
	}
	if !good {
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

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// plainBytes counts the bytes before the first quote, backslash or control
// character, eight at a time: most of what is passed over are strings.
func plainBytes(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		v := binary.LittleEndian.Uint64(b[n:])
		quote, back := v^(ones*'"'), v^(ones*'\\')
		// A byte is zero, or below ' ', where the subtraction borrows.
		found := ((quote-ones)&^quote | (back-ones)&^back | (v-ones*' ')&^v) & tops
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return n
}
