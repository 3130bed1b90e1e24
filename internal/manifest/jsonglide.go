package manifest

import (
	"encoding/binary"
	"math/bits"
)

// glide passes over a value, or over as much of it as lies in the window and has
// nothing rare in it: most of what is read. It stops only where a value begins, with
// the brackets around it in open, and reports whether the whole is passed.
func (s *jsonScanner) glide() (whole bool) {
	w := s.w
	buf := w.buf[:w.end]
	open := s.open
	i, line := blank(buf, w.pos, w.line)
	at, inLine, depth := w.pos, w.line, len(open) // where it could stop
scan:
	for i < len(buf) {
		at, inLine, depth = i, line, len(open)
		switch c := buf[i]; c {
		case '"':
			i = pastString(buf, i)
		case '{', '[':
			if i, line = blank(buf, i+1, line); i == len(buf) || s.depth+depth >= maxDepth {
				break scan
			}
			if buf[i] != closing(c) {
				open = append(open, c)
				if c == '{' {
					i = pastName(buf, i)
				}
				continue
			}
			i++
		default:
			i = pastScalar(buf, i)
		}
		for more := false; !more; {
			if i == len(buf) {
				break scan
			}
			if len(open) == 0 {
				at, inLine, depth, whole = i, line, 0, true
				break scan
			}
			if i, line = blank(buf, i, line); i == len(buf) {
				break scan
			}
			top := open[len(open)-1]
			switch buf[i] {
			case ',':
				if i, line = blank(buf, i+1, line); top == '{' {
					i = pastName(buf, i)
				}
				more = true
			case closing(top):
				open = open[:len(open)-1]
				i++
			default:
				break scan
			}
		}
	}
	w.passed(at, inLine)
	s.open = open[:depth]
	return whole
}

// What follows passes over something that begins at buf[i], and returns what is
// behind it: len(buf) where it goes on behind buf, has something rare in it, or is
// something else.

// pastName passes over a name, its colon and the space behind.
func pastName(buf []byte, i int) int {
	if i = pastString(buf, i); len(buf)-i > 2 && buf[i] == ':' {
		if i++; buf[i] == ' ' {
			i++
		}
		if buf[i] > ' ' {
			return i
		}
	}
	return len(buf)
}

// pastScalar passes over a number, true, false or null.
func pastScalar(buf []byte, i int) int {
	begin := i
	for i < len(buf) && isScalarByte(buf[i]) {
		i++
	}
	if i < len(buf) && i-begin < longest && isScalar(buf[begin:i]) {
		return i
	}
	return len(buf)
}

// pastString passes over a string.
func pastString(buf []byte, i int) int {
	if i == len(buf) || buf[i] != '"' {
		return len(buf)
	}
	for i++; ; {
		if i = plain(buf, i); len(buf)-i < 6 {
			return len(buf)
		}
		switch buf[i] {
		case '"':
			return i + 1
		case '\\':
			n := escaped(buf[i : i+6])
			if n == 0 {
				return len(buf)
			}
			i += n
		default:
			return len(buf)
		}
	}
}

// blank passes over white space, and returns what is behind and in which line that
// is. Most of it are ends of lines with indentation behind, which goes eight bytes at
// a time.
func blank(buf []byte, i, line int) (at, inLine int) {
	const eight = 0x2020202020202020
	for i < len(buf) && buf[i] <= ' ' {
		switch buf[i] {
		case '\n':
			line++
		case ' ', '\r', '\t':
		default:
			return i, line
		}
		for i++; len(buf)-i >= 8; i += 8 {
			if others := binary.LittleEndian.Uint64(buf[i:]) ^ eight; others != 0 {
				i += bits.TrailingZeros64(others) / 8
				break
			}
		}
	}
	return i, line
}

// plain is where the first quote, backslash or control character is from buf[i] on,
// len(buf) where there is none. It goes eight bytes at a time: most of what is passed
// over are strings.
func plain(buf []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(buf); i += 8 {
		v := binary.LittleEndian.Uint64(buf[i:])
		// The top bit of a byte below 0x80 is set where the subtraction borrows.
		if found := (((v ^ ones*'"') - ones) | ((v ^ ones*'\\') - ones) | (v - ones*' ')) &^ v & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(buf); i++ {
		if c := buf[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}
