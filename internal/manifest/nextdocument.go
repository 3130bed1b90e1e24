package manifest

import (
	"bytes"
	"errors"
	"io"
)

// form is how a document is written.
type form int

const (
	none form = iota
	inJSON
	inYAML
)

// nextDocument passes over blank lines, comments and lonely "---", and says how
// the next document is written: JSON where a brace is followed by a quote or a
// brace, YAML everywhere else. It stops at the document's first byte, for YAML
// at that of its first line.
func nextDocument(w *window, after form) (form, error) {
	for {
		w.mark = w.pos
		at, err := firstByte(w)
		line := w.mark
		w.mark = -1
		switch {
		case err != nil:
			return none, err
		case at < 0:
			return none, nil
		case w.buf[at] == '\n':
			w.pos = at + 1
			continue
		case w.buf[at] == '#':
			if err := skipLine(w); err != nil {
				return none, err
			}
			continue
		case at == line && markAt(w) && loneMark(w):
			after = none
			if err := skipLine(w); err != nil {
				return none, err
			}
			continue
		case w.buf[at] == '[', w.buf[at] == '{' && quoteFollows(w, at-line):
			w.pos += bytes.IndexAny(w.buf[w.pos:w.end], "[{")
			return inJSON, nil
		case after == inJSON:
			w.pos = at
			return none, w.fail("", "expected the end of the input or another object, found %q", w.buf[at])
		}
		return inYAML, nil
	}
}

// firstByte finds the first byte that is no blank, from pos on; -1 at the end
// of the input.
func firstByte(w *window) (int, error) {
	for i := 0; ; i++ {
		for w.pos+i >= w.end {
			if !w.fill() {
				if errors.Is(w.err, io.EOF) {
					return -1, nil
				}
				return -1, &syntaxError{w.lineAt(w.pos), w.err}
			}
		}
		switch w.buf[w.pos+i] {
		case ' ', '\t', '\r':
		default:
			return w.pos + i, nil
		}
	}
}

// skipLine goes to the next line.
func skipLine(w *window) error {
	for w.more() {
		if i := bytes.IndexByte(w.buf[w.pos:w.end], '\n'); i >= 0 {
			w.pos += i + 1
			return nil
		}
		w.pos = w.end
	}
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.fail("", "")
}

// markAt reports whether the line at pos begins with a document's begin or end.
func markAt(w *window) bool { return isMark(w.peek(4)) }

// isMark reports whether a line is "---" or "...", maybe with more behind.
func isMark(line []byte) bool {
	if len(line) < 3 || line[0] != '-' && line[0] != '.' || line[1] != line[0] || line[2] != line[0] {
		return false
	}
	return len(line) == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\n' || line[3] == '\r'
}

// shortLine is how far is looked for what follows a mark or a brace.
const shortLine = 4096

// loneMark reports whether nothing but a comment is in the line of a mark.
func loneMark(w *window) bool {
	line := w.peek(shortLine)
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	rest := bytes.TrimSpace(line[3:])
	return len(rest) == 0 || rest[0] == '#'
}

// quoteFollows reports whether the brace so far behind pos opens a JSON object.
func quoteFollows(w *window, behind int) bool {
	rest := bytes.TrimLeft(w.peek(behind + 1 + shortLine)[behind+1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}
