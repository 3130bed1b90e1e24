package kernel

import (
	"fmt"
	"strconv"
	"strings"
)

// Pressure is the share of time, in percent, that processes lost waiting for a
// resource: some of them, or all of them at once (Documentation/accounting/psi.rst).
type Pressure struct {
	SomeAvg60, FullAvg60 float64
}

// ParsePressure parses a file such as /proc/pressure/memory.
func ParsePressure(text string) (Pressure, error) {
	var p Pressure
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		var figure *float64
		switch {
		case len(f) == 0:
			continue
		case f[0] == "some":
			figure = &p.SomeAvg60
		case f[0] == "full":
			figure = &p.FullAvg60
		}
		found := false
		for _, word := range f[1:] {
			value, ok := strings.CutPrefix(word, "avg60=")
			if !ok || figure == nil {
				continue
			}
			n, err := strconv.ParseFloat(value, 64)
			if err != nil || !(n >= 0 && n <= 100) {
				return Pressure{}, fmt.Errorf("pressure: %q is not a percentage", value)
			}
			*figure, found = n, true
		}
		if !found {
			return Pressure{}, fmt.Errorf("pressure: line %q is not understood", strings.TrimSpace(line))
		}
	}
	return p, nil
}
