package kubeyaml

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"testing"

	"sigs.k8s.io/yaml"
)

// words are scalars that users write, and that YAML parsers treat differently.
func words() []string {
	return []string{
		"", "~", "null", "Null", "NULL", "nULL", "y", "Y", "yes", "Yes", "YES", "n", "no", "on", "On", "OFF", "off", "true", "True", "tRUE", "false",
		"0", "1", "-1", "+1", "007", "08", "0777", "0o17", "0x1F", "-0x10", "0b101", "-0b11", "1_000", "_1", "1__0", "0_8", "1e3", "1E3", "1e+3", "1e-7", "1.5", "1.", ".5", "+.5", "-.5", ".5e3", ".",
		"..", "+", "-", "1e", "e1", "1.e3", ".e3", "1_0.5", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e21", "1e20", "123456789012345678901234567890", "0.000001", "0.0000001",
		".inf", "-.inf", "+.Inf", ".NaN", ".nan", ".nAn", "Inf", "NaN", "inf", "1Gi", "512Mi", "100m", "1k", "1M", "12:30", "1:30:00", "2001-01-01", "2001-01-01T00:00:00Z", "2001-1-1 10:00:00", "1,000", "1 000", "0x", "0xg", "<<", "=", "1i", "1m", "0i",
		"10.0.0.1", "v1", "-c", "--x", "1-2", "+1Gi", "-1Gi", "1e3Gi", "0.5", "1_Gi", "1e400", "-0", "0.0", "1E", "0e0", "0b-1", "0b+1", "0b", "-0b-1", "0b12",
	}
}

func TestScalarsMeanWhatKubectlTakesThemFor(t *testing.T) {
	for _, word := range words() {
		j, err := yaml.YAMLToJSON([]byte("a: " + word + "\n"))
		if err != nil {
			if _, _, ok := Resolve([]byte(word)); ok && word != "-" && word != "=" {
				t.Errorf("%q: sigs.k8s.io/yaml refuses it: %v", word, err)
			}
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(j, &object); err != nil {
			t.Fatal(err)
		}
		k, got, ok := Resolve([]byte(word))
		switch k {
		case String:
			got, _ = json.Marshal(string(got))
		case Null:
			got = []byte("null")
		default:
		}
		if want := string(object["a"]); !ok || string(got) != want {
			t.Errorf("%q: %s (%v), want %s", word, got, ok, want)
		}
	}
}

func TestFloatsAreThoseOfTheExpression(t *testing.T) {
	expression := regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	var try func(s string)
	try = func(s string) {
		if _, err := strconv.ParseFloat(s, 64); errors.Is(err, strconv.ErrRange) {
			return
		}
		k, _, _ := Resolve([]byte(s))
		if got, want := k == Number, expression.MatchString(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
		if len(s) < 6 {
			for _, c := range "+1.e" {
				try(s + string(c))
			}
		}
	}
	try("")
}
