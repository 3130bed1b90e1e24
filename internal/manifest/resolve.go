package manifest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// resolve says what a plain scalar of YAML 1.1 is, as kubectl and the kubelet
// read it: sigs.k8s.io/yaml v1.6, which stands on go.yaml.in/yaml/v2 v2.4
// (resolve.go), and prints JSON. So yes is true, 010 is 8, 1_000 is 1000 and
// 1e3 is 1000. It is false for what JSON has no word for.
func resolve(plain []byte) (k kind, asJSON []byte, ok bool) {
	if len(plain) == 0 {
		return null, nil, true
	}
	switch c := plain[0]; {
	case '0' <= c && c <= '9', c == '+', c == '-', c == '.':
		return resolveNumber(plain)
	}
	switch string(plain) {
	case "~", "null", "Null", "NULL":
		return null, nil, true
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return boolean, []byte("true"), true
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return boolean, []byte("false"), true
	}
	return text, plain, true
}

func resolveNumber(plain []byte) (k kind, asJSON []byte, ok bool) {
	s := string(plain)
	switch s {
	case ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		return number, nil, false
	}
	if plain[0] == '.' {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return float(f)
		}
		return text, plain, true
	}
	if last := s[len(s)-1]; last == 'i' || last == 'm' { // most are quantities
		return text, plain, true
	}
	s = strings.ReplaceAll(s, "_", "")
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		return number, strconv.AppendInt(nil, i, 10), true
	}
	if u, err := strconv.ParseUint(s, 0, 64); err == nil {
		return number, strconv.AppendUint(nil, u, 10), true
	}
	if isFloat(s) {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return float(f)
		}
	}
	return text, plain, true
}

// isFloat reports whether YAML takes a text for a floating-point number:
// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
func isFloat(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	skip := func(any string) bool {
		if s == "" || strings.IndexByte(any, s[0]) < 0 {
			return false
		}
		s = s[1:]
		return true
	}
	skip("-+")
	whole := digits()
	fraction := skip(".") && digits()
	switch {
	case !whole && !fraction:
		return false
	case s == "":
		return true
	case !skip("eE"):
		return false
	}
	skip("-+")
	return digits() && s == ""
}

// float prints a number as encoding/json does.
func float(f float64) (kind, []byte, bool) {
	b, err := json.Marshal(f)
	return number, b, err == nil
}
