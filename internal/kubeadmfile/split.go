// Package kubeadmfile reads files as kubeadm does: how it splits them into
// documents, and what its patches make of a configuration. Both differ from
// YAML and RFC 6902. test/upstream compares the package with kubeadm's code.
package kubeadmfile

import (
	"bytes"
	"fmt"
)

const separator = "---"

// Piece is what kubeadm takes as one document of a file.
type Piece struct {
	Line int // line of the file in which it begins, from 1
	Text []byte
}

// SeparatorError is a line that begins with "---" and continues with something
// other than a comment. kubeadm refuses the file.
type SeparatorError struct {
	Line int // from 1
	Text string
}

// Error says what is on which line.
func (e *SeparatorError) Error() string {
	return fmt.Sprintf("line %d: %q after %s", e.Line, e.Text, separator)
}

// Split splits a file at each line that begins with "---", in any context
// (k8s.io/apimachinery v0.37.1, pkg/util/yaml/decoder.go, YAMLReader.Read). A
// separator with nothing before it belongs to the piece that it begins. The
// error, a *SeparatorError, comes with the pieces before it.
func Split(text []byte) ([]Piece, error) {
	var all []Piece
	var piece Piece
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if rest, found := bytes.CutPrefix(line, []byte(separator)); found {
			rest = bytes.TrimSpace(rest)
			if len(rest) > 0 && rest[0] != '#' {
				return all, &SeparatorError{number, string(rest)}
			}
			if len(piece.Text) > 0 {
				all = append(all, piece)
				piece = Piece{}
				continue
			}
		}
		if len(piece.Text) == 0 {
			piece.Line = number
		}
		piece.Text = append(piece.Text, line...)
	}
	if len(piece.Text) > 0 {
		all = append(all, piece)
	}
	return all, nil
}

// IsEmpty reports whether a piece contains only comments, separators and white
// space.
func (p Piece) IsEmpty() bool {
	for line := range bytes.Lines(p.Text) {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte(separator)))
		if len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}
