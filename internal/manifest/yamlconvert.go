package manifest

import (
	"errors"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// converter makes a document of what kubeyaml has read.
type converter struct {
	doc  *document
	base int // what its line numbers lack
}

// value adds a value, the member of that name.
func (c converter) value(v *kubeyaml.Value, name []byte, w *want) error {
	line := c.base + v.Line()
	switch {
	case v.Kind == object:
		c.doc.begin(object, line, name)
		if !w.leaf {
			if err := c.members(v, v.Members, w); err != nil {
				return err
			}
		}
		return c.doc.end()
	case v.Kind == list:
		c.doc.begin(list, line, name)
		for i := range v.Items {
			if w.leaf && !w.many {
				break
			}
			if err := c.value(&v.Items[i], nil, w); err != nil {
				return err
			}
		}
		return c.doc.end()
	case v.Err != nil:
		return c.placed(v.Err)
	case v.Kind == text && !w.leaf: // any string would be wrong here
		c.doc.add(text, line, name, nil)
	default:
		c.doc.add(v.Kind, line, name, c.doc.keep([]byte(v.Text)))
	}
	return nil
}

// members adds those members of an object that are wanted. One that is written
// twice is added twice, and so refused; what a merge key brings is not.
func (c converter) members(v *kubeyaml.Value, all []kubeyaml.Member, w *want) error {
	if v.Err != nil {
		return c.placed(v.Err)
	}
	for i := range all {
		m := &all[i]
		child := w.child([]byte(m.Name))
		if child == nil {
			continue
		}
		name := c.doc.keep([]byte(m.Name))
		if twin := m.Before; twin != nil && !twin.Merged && !m.Merged {
			if err := c.value(&twin.Value, name, child); err != nil {
				return err
			}
		}
		if err := c.value(&m.Value, name, child); err != nil {
			return err
		}
	}
	return nil
}

// placed gives an error its line in the input.
func (c converter) placed(err error) error {
	if own, ok := errors.AsType[*kubeyaml.Error](err); ok {
		return &syntaxError{c.base + own.Line, own.Err}
	}
	return err
}
