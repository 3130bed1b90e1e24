package provisioner

import (
	"bytes"
	"mime"
	"strings"
)

// Piece is a part of the user data of a machine.
type Piece struct {
	Type  string // its media type, in lower case; "" if it has none
	Text  string
	Line  int  // how many lines of the user data come before it
	Plain bool // Text is in the user data line by line; otherwise it was decoded
}

// NodeConfigType is the media type of the parts that nodeadm reads
// (awslabs/amazon-eks-ami 09eea9e8, nodeadm/internal/configprovider/mime.go).
const NodeConfigType = "application/node.eks.aws"

// Pieces splits user data that is a MIME archive of several parts (RFC 2046),
// or decompresses it, as one piece; ok is false for other texts.
func Pieces(data []byte) (all []Piece, ok bool) {
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		text, err := gunzip(data)
		if err != nil {
			return nil, false
		}
		all, ok := Pieces(text)
		if !ok {
			all = []Piece{{Text: string(text)}}
		}
		for i := range all {
			all[i].Plain = false
		}
		return all, true
	}
	m := newMail(data)
	header := m.header()
	kind, parameters, err := mime.ParseMediaType(header["content-type"])
	if err != nil || !strings.HasPrefix(kind, "multipart/") || parameters["boundary"] == "" {
		return nil, false
	}
	return m.parts("--" + parameters["boundary"]), true
}

// mail is a text with headers, read line by line.
type mail struct {
	lines []string // each with its line ending
	next  int
}

func newMail(data []byte) *mail {
	m := &mail{}
	for line := range bytes.Lines(data) {
		m.lines = append(m.lines, string(line))
	}
	for m.next < len(m.lines) && strings.TrimSpace(m.lines[m.next]) == "" {
		m.next++
	}
	return m
}

// header reads the headers and the empty line after them. Their names are
// returned in lower case.
func (m *mail) header() map[string]string {
	header, last := map[string]string{}, ""
	for ; m.next < len(m.lines); m.next++ {
		line := strings.TrimRight(m.lines[m.next], "\r\n")
		name, value, found := strings.Cut(line, ":")
		switch {
		case line == "":
			m.next++
			return header
		case strings.HasPrefix(line, " "), strings.HasPrefix(line, "\t"): // the header above continues
			header[last] += " " + strings.TrimSpace(line)
		case !found || strings.ContainsAny(name, " \t"):
			return header
		default:
			last = strings.ToLower(name)
			header[last] = strings.TrimSpace(value)
		}
	}
	return header
}

// parts reads the parts between the boundaries.
func (m *mail) parts(boundary string) []Piece {
	var all []Piece
	for m.next < len(m.lines) {
		line := strings.TrimRight(m.lines[m.next], " \t\r\n")
		m.next++
		switch line {
		case boundary + "--":
			return all
		case boundary:
			header := m.header()
			start := m.next
			for m.next < len(m.lines) && !strings.HasPrefix(m.lines[m.next], boundary) {
				m.next++
			}
			all = append(all, piece(header, strings.Join(m.lines[start:m.next], ""), start))
		}
	}
	return all
}

// piece decodes one part: as its header says, and as nodeadm does, which tries
// base64 and gzip on each part (nodeadm/internal/configprovider/encoding.go).
func piece(header map[string]string, text string, line int) Piece {
	kind, _, err := mime.ParseMediaType(header["content-type"])
	if err != nil {
		kind = ""
	}
	p := Piece{Type: kind, Text: text, Line: line, Plain: true}
	said := strings.EqualFold(header["content-transfer-encoding"], "base64")
	if data, err := unbase64([]byte(text)); err == nil && len(data) > 0 && (said || kind == NodeConfigType) {
		p.Text, p.Plain = string(data), false
	}
	if strings.HasPrefix(p.Text, "\x1f\x8b") {
		if data, err := gunzip([]byte(p.Text)); err == nil {
			p.Text, p.Plain = string(data), false
		}
	}
	return p
}
