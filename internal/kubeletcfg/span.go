package kubeletcfg

import (
	"bytes"
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// span returns where a scalar or an alias begins and ends in the text.
func (t *text) span(n *yaml.Node) (start, end int, err error) {
	start = t.lines.Offset(n)
	rest := t.data[start:]
	switch {
	case n.Kind == yaml.AliasNode:
		word := "*" + n.Value
		if !bytes.HasPrefix(rest, []byte(word)) {
			return 0, 0, errPlace()
		}
		return start, start + len(word), nil
	case n.Kind == yaml.SequenceNode:
		return 0, 0, errors.New("it is " + kubeyaml.List.String())
	case n.Kind != yaml.ScalarNode:
		return 0, 0, errors.New("it is " + kubeyaml.Object.String())
	case n.Anchor != "" || n.Style&yaml.TaggedStyle != 0:
		return 0, 0, errors.New("it has an anchor or a tag")
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return start, start + quoted(rest), nil
	case n.Style&yaml.SingleQuotedStyle != 0:
		return start, start + singleQuoted(rest), nil
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || !bytes.HasPrefix(rest, []byte(n.Value)):
		return 0, 0, errors.New("it is written over several lines")
	}
	return start, start + len(n.Value), nil
}

func quoted(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func singleQuoted(b []byte) int {
	for i := 1; i < len(b); i++ {
		if b[i] == '\'' {
			if i+1 < len(b) && b[i+1] == '\'' {
				i++
				continue
			}
			return i + 1
		}
	}
	return len(b)
}

// errPlace is the error for a node that is not where the parser says.
func errPlace() error { return errors.New("its place in the text cannot be told") }
