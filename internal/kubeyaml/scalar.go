package kubeyaml

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// numeric is the Go type of a number in go.yaml.in/yaml/v2: the name of a field
// and a tag depend on it.
type numeric uint8

const (
	signed   numeric = iota // also: not a number
	unsigned                // from 2^63 on
	floating
)

// Resolve returns the JSON of a plain scalar (go.yaml.in/yaml/v2, resolve.go).
// So yes is true, 010 is 8, 1_000 is 1000 and 1e3 is 1000. ok is false if JSON
// cannot express it.
func Resolve(plain []byte) (k Kind, asJSON []byte, ok bool) {
	k, asJSON, form := resolve(plain)
	return k, asJSON, form != floating || isFinite(asJSON)
}

// isFinite: numbers that are not finite are written as .inf, -.inf or .nan.
func isFinite(number []byte) bool {
	last := number[len(number)-1]
	return last != 'f' && last != 'n'
}

func resolve(plain []byte) (Kind, []byte, numeric) {
	if len(plain) == 0 {
		return Null, nil, 0
	}
	switch c := plain[0]; {
	case '0' <= c && c <= '9', c == '+', c == '-', c == '.':
		return resolveNumber(plain)
	}
	switch string(plain) {
	case "~", "null", "Null", "NULL":
		return Null, nil, 0
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return Bool, []byte("true"), 0
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return Bool, []byte("false"), 0
	}
	return String, plain, 0
}

func resolveNumber(plain []byte) (Kind, []byte, numeric) {
	s := string(plain)
	switch s {
	case ".nan", ".NaN", ".NAN":
		return float(math.NaN())
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return float(math.Inf(1))
	case "-.inf", "-.Inf", "-.INF":
		return float(math.Inf(-1))
	}
	if plain[0] == '.' {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return float(f)
		}
		return String, plain, 0
	}
	if last := s[len(s)-1]; last == 'i' || last == 'm' { // most of these are quantities
		return String, plain, 0
	}
	s = strings.ReplaceAll(s, "_", "")
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		return Number, strconv.AppendInt(nil, i, 10), signed
	}
	if u, err := strconv.ParseUint(s, 0, 64); err == nil {
		return Number, strconv.AppendUint(nil, u, 10), unsigned
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "xXiInN") { // no hexadecimal ones, no Inf, no NaN
		return float(f)
	}
	if rest, binary := strings.CutPrefix(s, "0b"); binary { // 0b-1 is -1
		if i, err := strconv.ParseInt(rest, 2, 64); err == nil {
			return Number, strconv.AppendInt(nil, i, 10), signed
		}
	}
	return String, plain, 0
}

// float formats a number as encoding/json does, and one that JSON cannot
// express as YAML does.
func float(f float64) (Kind, []byte, numeric) {
	b, err := json.Marshal(f)
	switch {
	case err == nil:
	case math.IsNaN(f):
		b = []byte(".nan")
	case f > 0:
		b = []byte(".inf")
	default:
		b = []byte("-.inf")
	}
	return Number, b, floating
}

// floatName formats a floating-point number as the name of a field. It is
// converted to 32 bits, so 1e39 is .inf.
func floatName(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text // .inf, -.inf, .nan
	}
	switch name := strconv.FormatFloat(f, 'g', -1, 32); name {
	case "+Inf":
		return ".inf"
	case "-Inf":
		return "-.inf"
	default:
		return name
	}
}

const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// scalar converts a scalar, with its style and its tag (decode.go, scalar).
func (r *resolver) scalar(n *yaml.Node) (Value, error) {
	v := Value{Kind: String, Text: n.Value, Node: n}
	tag := ""
	if n.Style&yaml.TaggedStyle != 0 {
		tag = n.Tag
	}
	switch tag {
	case "":
		if n.Style&quoted == 0 && !r.loneTag(n) {
			v.resolve()
		}
	case "!!null", "!!bool", "!!int", "!!float":
		if !v.resolveAs(tag) {
			return v, mismatch(n)
		}
	case "!!timestamp": // Kubernetes keeps its text
		if !isTimestamp(n.Value) {
			return v, mismatch(n)
		}
	case "!!binary":
		data, err := base64.StdEncoding.DecodeString(n.Value)
		if err != nil {
			return v, mismatch(n)
		}
		v.Text = string(data)
	}
	return v, nil
}

func mismatch(n *yaml.Node) error {
	return &Error{n.Line, fmt.Errorf("the value is not what its tag %s says", n.Tag)}
}

var errNoNumber = errors.New("not a number that JSON can have")

// resolve converts the text of a plain scalar.
func (v *Value) resolve() {
	k, text, form := resolve([]byte(v.Text))
	if form == floating && !isFinite(text) {
		v.Err = &Error{v.Node.Line, fmt.Errorf("%s: %w", v.Text, errNoNumber)}
	}
	v.Kind, v.Text, v.form = k, string(text), form
}

// resolveAs is resolve with a tag; false if the text does not fit the tag.
func (v *Value) resolveAs(tag string) bool {
	v.resolve()
	switch {
	case tag == "!!null":
		return v.Kind == Null
	case tag == "!!bool":
		return v.Kind == Bool
	case v.Kind != Number:
		return false
	case tag == "!!int":
		return v.form != floating
	case v.form == signed: // !!float 3
		i, _ := strconv.ParseInt(v.Text, 10, 64)
		_, text, form := float(float64(i))
		v.Text, v.form = string(text), form
	}
	return v.form == floating
}

// isTimestamp reports whether go.yaml.in/yaml/v2 parses a text as a timestamp
// (resolve.go, parseTimestamp).
func isTimestamp(s string) bool {
	year, _, dash := strings.Cut(s, "-")
	if !dash || len(year) != 4 || strings.Trim(year, "0123456789") != "" {
		return false
	}
	for _, layout := range []string{"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00", "2006-1-2 15:4:5.999999999", "2006-1-2"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// loneTag reports whether a scalar has the tag "!", which makes a plain scalar
// a string, and a quoted "<<" a merge key. The parser does not say so, only the
// text does: an anchor and comments may come before the tag, and the tag on the
// line below an empty value belongs to another one.
func (r *resolver) loneTag(n *yaml.Node) bool {
	if r.lines == nil || n.Style&yaml.TaggedStyle != 0 {
		return false
	}
	rest := r.text[r.lines.Offset(n):]
	if n.Anchor != "" && bytes.HasPrefix(rest, []byte("&")) {
		rest = bytes.TrimLeft(rest[1+len(n.Anchor):], " \t")
		for n.Value != "" && len(rest) > 0 && bytes.IndexByte([]byte("#\r\n"), rest[0]) >= 0 {
			_, rest, _ = bytes.Cut(rest, []byte("\n"))
			rest = bytes.TrimLeft(rest, " \t")
		}
	}
	return bytes.HasPrefix(rest, []byte("!"))
}
