package manifest

import (
	"bytes"
	"unicode/utf8"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// scalar reads the value at the end of a line. It consumes the line.
func (s *yamlScanner) scalar(content, name []byte, w *want) bool {
	switch c := content[0]; c {
	case '"', '\'':
		return s.quoted(content, name, w)
	case '|', '>':
		return w == nil && s.block(content)
	case '{', '[':
		return s.emptyFlow(content, name, w)
	case '&', '*', '!', '%', '@', '`', ',', ']', '}', '#', '\t':
		return false
	case '-', '?', ':':
		if len(content) == 1 || content[1] == ' ' {
			return false
		}
	}
	content = bytes.TrimRight(content, " ")
	if !plainText(content) {
		return false
	}
	if w != nil {
		k, t, ok := kubeyaml.Resolve(content)
		if !ok {
			return false
		}
		if k == text && !w.leaf { // any string would be wrong here
			t = nil
		}
		s.doc.add(k, s.at, name, s.doc.keep(t))
	}
	if w == nil {
		s.plain = len(s.levels)
	}
	s.consume()
	return true
}

// plainText reports whether a plain scalar, or a line of one, is only that: no
// comment and no member of a mapping is in it.
func plainText(content []byte) bool {
	for rest := content; ; {
		i := bytes.IndexByte(rest, ':')
		if i < 0 {
			break
		}
		if rest = rest[i+1:]; len(rest) == 0 || rest[0] == ' ' {
			return false
		}
	}
	return bytes.IndexByte(content, '#') < 0 || !bytes.Contains(content, []byte(" #"))
}

// goesOn passes over a line that a plain scalar, which is not wanted, goes on
// into.
func (s *yamlScanner) goesOn(indent int, rest []byte) bool {
	if s.plain == 0 || s.plain != len(s.levels) || indent <= s.top().indent || !plainText(rest) {
		return false
	}
	s.consume()
	return true
}

// emptyFlow reads {} and [], which is all that kubectl prints in flow style.
func (s *yamlScanner) emptyFlow(content, name []byte, w *want) bool {
	k := object
	switch string(bytes.TrimRight(content, " ")) {
	case "{}":
	case "[]":
		k = list
	default:
		return false
	}
	if w != nil {
		s.doc.add(k, s.at, name, nil)
	}
	s.consume()
	return true
}

// quoted reads a string in quotes: of one line and without escapes where it is
// wanted, any where not.
func (s *yamlScanner) quoted(content, name []byte, w *want) bool {
	quote := content[0]
	line := content[1:]
	for {
		n, plain, good := quotedLength(line, quote)
		if !good {
			return false
		}
		if n >= 0 {
			if len(bytes.TrimRight(line[n+1:], " ")) > 0 || !plain && w != nil {
				return false
			}
			if w != nil {
				t := line[:n]
				if !w.leaf {
					t = nil
				}
				s.doc.add(text, s.at, name, s.doc.keep(t))
			}
			s.consume()
			return true
		}
		if w != nil {
			return false
		}
		s.consume()
		if !s.peek() || isMark(s.text) || !printable(s.text, true) {
			return false
		}
		line = s.text
	}
}

// quotedLength finds the closing quote in a line of a quoted scalar, -1 where it
// is not there; plain when the text stands for itself.
func quotedLength(line []byte, quote byte) (n int, plain, good bool) {
	plain = true
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == quote && quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			plain = false
			i++
		case c == quote:
			return i, plain, true
		case c == '\\' && quote == '"':
			plain = false
			n, good := escapeLength(line[i+1:])
			if !good {
				return 0, false, false
			}
			i += n
		}
	}
	return -1, false, true
}

// escapeLength is how many bytes behind a backslash belong to it.
func escapeLength(rest []byte) (int, bool) {
	if len(rest) == 0 {
		return 0, true // the line goes on without a space
	}
	digits := 0
	switch rest[0] {
	case '0', 'a', 'b', 't', 'n', 'v', 'f', 'r', 'e', ' ', '"', '/', '\\', 'N', '_', 'L', 'P':
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	default: // also U: rare, and it has bounds
		return 0, false
	}
	if len(rest) < 1+digits {
		return 0, false
	}
	for _, c := range rest[1 : 1+digits] {
		if !isHex(c) {
			return 0, false
		}
	}
	if digits == 4 && rest[1]|0x20 == 'd' && rest[2] >= '8' {
		return 0, false // half of a surrogate pair
	}
	return 1 + digits, true
}

// block passes over a block scalar, from the line with its header on.
func (s *yamlScanner) block(header []byte) bool {
	indent := 0
	for _, c := range bytes.TrimRight(header[1:], " ") {
		switch {
		case c == '-' || c == '+':
		case '1' <= c && c <= '9' && indent == 0:
			indent = s.top().indent + int(c-'0')
		default:
			return false
		}
	}
	if len(bytes.TrimRight(header, " ")) > 3 || bytes.Count(header, []byte{'-'})+bytes.Count(header, []byte{'+'}) > 1 {
		return false
	}
	s.consume()
	for blank := 0; s.peek(); s.consume() {
		at := s.indent
		switch {
		case !printable(s.text, true) || at < len(s.text) && s.text[at] == '\t' && (indent == 0 || at < indent):
			return false
		case at == len(s.text):
			blank = max(blank, at)
			continue
		case indent == 0 && at > s.top().indent:
			indent = at
			if blank > indent {
				return false
			}
		}
		if at < indent || indent == 0 {
			return true
		}
	}
	return s.err == nil
}

// printable reports whether a line has nothing in it that YAML refuses or takes
// for the end of a line.
func printable(line []byte, tabs bool) bool {
	for n := 0; ; n++ {
		n += printableASCII(line[n:])
		if n >= len(line) {
			return true
		}
		switch c := line[n]; {
		case c == '\t' && tabs:
		case c < utf8.RuneSelf:
			return false
		default:
			r, size := utf8.DecodeRune(line[n:])
			if r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r >= 0xfffe && r <= 0xffff {
				return false
			}
			n += size - 1
		}
	}
}
