package manifest

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// decode makes the document of what was cut out, and of what is missing at its
// end.
func (s *jsonScanner) decode(c *cut, missing string) error {
	whole := append(c.text, missing...)
	s.dec.Reset(bytes.NewBuffer(whole),
		jsontext.AllowDuplicateNames(true), // refused by document.end, which names the line
		jsontext.AllowInvalidUTF8(true))    // refused by the window; lone surrogates are Kubernetes' to judge
	b := builder{dec: s.dec, doc: &s.doc, lines: c.lines}
	s.doc.reset()
	if err := b.value(nil); err != nil {
		return err
	}
	c.text = whole[:len(c.text)]
	return nil
}

// builder makes a document of what a decoder reads.
type builder struct {
	dec   *jsontext.Decoder
	doc   *document
	lines []lineAt
}

// line is where what was read last stood in the input.
func (b *builder) line() int {
	at := int(b.dec.InputOffset())
	for len(b.lines) > 1 && b.lines[1].at < at {
		b.lines = b.lines[1:]
	}
	return b.lines[0].line
}

// value reads the value of the member with this name.
func (b *builder) value(name []byte) error {
	switch k := b.dec.PeekKind(); k {
	case '{', '[':
		if _, err := b.dec.ReadToken(); err != nil {
			return err
		}
		if k == '{' {
			b.doc.begin(object, b.line(), name)
		} else {
			b.doc.begin(list, b.line(), name)
		}
		return b.inside(k == '{')
	default:
		raw, err := b.dec.ReadValue()
		if err != nil {
			return err
		}
		line := b.line()
		switch k {
		case '"':
			t, err := b.text(raw)
			b.doc.add(text, line, name, t)
			return err
		case 'n':
			b.doc.add(null, line, name, nil)
		case 't', 'f':
			b.doc.add(boolean, line, name, b.doc.keep(raw))
		default:
			b.doc.add(number, line, name, b.doc.keep(raw))
		}
	}
	return nil
}

// inside reads the rest of an object or list.
func (b *builder) inside(named bool) error {
	for {
		if k := b.dec.PeekKind(); k == '}' || k == ']' {
			if _, err := b.dec.ReadToken(); err != nil {
				return err
			}
			return b.doc.end()
		}
		var name []byte
		if named {
			raw, err := b.dec.ReadValue()
			if err != nil {
				return err
			}
			if name, err = b.text(raw); err != nil {
				return err
			}
		}
		if err := b.value(name); err != nil {
			return err
		}
	}
}

// text keeps a string as meant.
func (b *builder) text(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return b.doc.keep(raw[1 : len(raw)-1]), nil
	}
	t, err := jsontext.AppendUnquote(nil, raw)
	if err != nil && !bytes.Contains(raw, []byte(`\u`)) {
		return nil, err
	}
	return b.doc.keep(t), nil
}
