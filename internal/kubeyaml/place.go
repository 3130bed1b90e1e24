package kubeyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// placeable is how long a text may be, in bytes, whose error is looked for: that
// takes as long as reading it several times.
const placeable = 256 << 10

// ErrSyntax is the error of a text that is not YAML.
var ErrSyntax = errors.New("invalid YAML")

// Place returns what is wrong with a text that Parse or Documents refused with
// err, and the line in which it is, from 1; 0 if the text is too long to look for
// the line and the parser names none. The reason is an ErrSyntax unless the text is
// YAML that Kubernetes refuses.
//
// It is the line with which the beginning of the text has the same error for the
// first time. The parser names the line above it, or that in which what
// surrounds it begins, or none (go.yaml.in/yaml/v3, parser.fail).
func Place(text []byte, err error) (line int, reason error) {
	if own, ok := errors.AsType[*Error](err); ok {
		return own.Line, own.Err
	}
	words := strings.TrimPrefix(err.Error(), "yaml: ")
	if n, scanErr := fmt.Sscanf(words, "line %d:", &line); n == 1 && scanErr == nil {
		_, words, _ = strings.Cut(words, ": ")
	}
	reason = fmt.Errorf("%w: %s", ErrSyntax, words)
	if len(text) > placeable {
		return line, reason
	}
	ends := lineEnds(text)
	line = 1 + sort.Search(len(ends)-1, func(i int) bool {
		return refusal(text[:ends[i]]) == err.Error()
	})
	return line, reason
}

// refusal is what the library says against a text; empty when it takes all of it.
func refusal(text []byte) string {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		switch err := decoder.Decode(new(yaml.Node)); {
		case errors.Is(err, io.EOF):
			return ""
		case err != nil:
			return err.Error()
		}
	}
}

// lineEnds is where each line ends, its break included.
func lineEnds(text []byte) []int {
	var ends []int
	for i, b := range text {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	if len(ends) == 0 || ends[len(ends)-1] < len(text) {
		ends = append(ends, len(text))
	}
	return ends
}
