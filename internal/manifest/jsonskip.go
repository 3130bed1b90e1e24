package manifest

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
func (s *jsonScanner) space() (c byte) {
	if w := s.w; w.pos < w.end {
		c = w.buf[w.pos]
	}
	if c <= ' ' {
		c = s.spaces()
	}
	return c
}

// spaces is space where there is some.
func (s *jsonScanner) spaces() byte {
	w := s.w
	for s.err == nil {
		w.passed(blank(w.buf[:w.end], w.pos, w.line))
		if w.pos < w.end {
			return w.buf[w.pos]
		}
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

// name reads the name of a member, at whose first byte the window stands, and the
// colon. The next call overwrites it.
func (s *jsonScanner) name() []byte {
	if s.w.buf[s.w.pos] != '"' {
		s.unexpected("expected the name of a field in quotes")
		return nil
	}
	name := s.quoted()
	if w := s.w; w.pos < w.end && w.buf[w.pos] == ':' {
		if w.pos++; w.pos < w.end && w.buf[w.pos] == ' ' {
			w.pos++
		}
		return name
	}
	s.raw = append(s.raw[:0], name...) // the window may move
	s.space()
	s.expect(':', "expected a colon")
	return s.raw
}

// skipName passes over the name of a member and the colon.
func (s *jsonScanner) skipName() {
	if s.space() != '"' {
		s.unexpected("expected the name of a field in quotes")
		return
	}
	s.string(nil)
	s.space()
	s.expect(':', "expected a colon")
}

// skip passes over a value, looking only at its grammar.
func (s *jsonScanner) skip() {
	s.open = s.open[:0]
	for s.err == nil {
		if s.glide() {
			return
		}
		switch c := s.space(); c {
		case '{', '[':
			if s.enter(c) {
				continue
			}
		case '"':
			s.string(nil)
		default:
			s.scalar()
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
		s.err = &syntaxError{s.w.line, errTooDeep}
		return false
	}
	s.w.pos++
	if s.space() == closing(c) {
		s.w.pos++
		return false
	}
	if c == '{' {
		s.skipName()
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
				s.skipName()
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
