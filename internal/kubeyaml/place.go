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

// placeable is the longest text, in bytes, in which the line of an error is
// searched: that takes as long as parsing it several times.
const placeable = 256 << 10

// ErrSyntax is the error of a text that is not YAML.
var ErrSyntax = errors.New("invalid YAML")

// Place returns the line, from 1, and the reason of an error of Parse or
// Documents; the line is 0 if the text is too long to search and the parser
// does not say it. The reason is an ErrSyntax unless the text is YAML that
// Kubernetes refuses.
//
// It is the first line at which the text, cut after it, has the same error. The
// parser often returns the line above it, or the first line of the object
// around it, or none (go.yaml.in/yaml/v3, parser.fail).
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

// refusal returns the library's error for a text; "" if there is none.
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

// lineEnds returns where each line ends, including its line break.
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
