package provisioner

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// File is a file that a tool writes to a node.
type File struct {
	Path    string
	PathAt  *kubeyaml.Value // nil if there is no path
	Content *kubeyaml.Value // the value with the content; nil if the content is not in this file
	Text    string          // the content, decoded
	Plain   bool            // Text is the same as Content, line by line
}

// ReadFile reads an item of a list of files, in the format of Cluster API,
// cloud-init, Ignition, Butane or Talos. The error says why the content cannot
// be decoded.
func ReadFile(item *kubeyaml.Value) (File, error) {
	f := File{PathAt: item.Get("path"), Path: item.Word("path")}
	for _, names := range [][]string{{"content"}, {"contents", "inline"}, {"contents", "source"}} {
		if v := item.Get(names...); f.Content == nil && v != nil && v.Kind == kubeyaml.String {
			f.Content = v
		}
	}
	if f.Content == nil {
		return f, nil
	}
	encoding := item.Word("encoding")
	compression := item.Word("contents", "compression")
	data, encoded, err := []byte(f.Content.Text), false, error(nil)
	if rest, ok := strings.CutPrefix(f.Content.Text, "data:"); ok {
		data, err = dataURL(rest)
		encoded = true
	}
	if err == nil && (strings.Contains(encoding, "base64") || strings.Contains(encoding, "b64")) {
		data, err = unbase64(data)
		encoded = true
	}
	if err == nil && (strings.HasPrefix(encoding, "gz") || compression == "gzip") {
		data, err = gunzip(data)
		encoded = true
	}
	f.Text, f.Plain = string(data), !encoded
	return f, err
}

// dataURL decodes what follows "data:" (RFC 2397).
func dataURL(rest string) ([]byte, error) {
	kind, data, found := strings.Cut(rest, ",")
	if !found {
		return nil, errors.New("a data URL has a comma before its data")
	}
	unescaped, err := url.PathUnescape(data)
	if err != nil || !strings.HasSuffix(kind, ";base64") {
		return []byte(unescaped), err
	}
	return unbase64([]byte(unescaped))
}

// unbase64 decodes base64, which may have several lines.
func unbase64(data []byte) ([]byte, error) {
	data = bytes.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, data)
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
	n, err := base64.StdEncoding.Decode(decoded, data)
	if err != nil {
		return nil, fmt.Errorf("it is no base64: %w", err)
	}
	return decoded[:n], nil
}

// gunzip decompresses up to kubeyaml.MaxText, which is more than any
// configuration needs.
func gunzip(data []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("it is not compressed with gzip: %w", err)
	}
	var text bytes.Buffer
	switch _, err := io.CopyN(&text, reader, kubeyaml.MaxText+1); {
	case err == nil:
		return nil, fmt.Errorf("decompressed, it has more than %d bytes", kubeyaml.MaxText)
	case !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("it cannot be decompressed: %w", err)
	}
	return text.Bytes(), nil
}
