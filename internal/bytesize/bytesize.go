// Package bytesize parses and formats sizes for people.
package bytesize

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Format formats a size in IEC units: "4 GiB", "1.5 GiB", "512 bytes". It is
// rounded to the nearest tenth of a unit.
func Format(bytes int64) string {
	if bytes > -1024 && bytes < 1024 {
		return strconv.FormatInt(bytes, 10) + " bytes"
	}
	value, unit := float64(bytes), ""
	for _, unit = range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		// 1023.96 KiB would round to "1024 KiB".
		if value /= 1024; math.Abs(value) < 1023.95 {
			break
		}
	}
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0") + " " + unit
}

// Parse parses a size in bytes: a Kubernetes quantity ("4Gi", "512M",
// "4294967296") or an IEC size ("4GiB"). A size is a whole number of bytes,
// larger than 0.
func Parse(s string) (int64, error) {
	text := strings.TrimSpace(s)
	if iec, ok := strings.CutSuffix(text, "iB"); ok {
		text = iec + "i"
	}
	q, err := ParseQuantity(text)
	switch {
	case errors.Is(err, ErrAbsurd):
		return 0, fmt.Errorf("%s is not a size: %w", quoted(s), err)
	case err != nil:
		return 0, fmt.Errorf("%q is not a size: expected a quantity like 4Gi, 4GiB, 512M or a number of bytes", s)
	case q.Sign() <= 0:
		return 0, fmt.Errorf("%q is not a size: it must be more than 0", s)
	case q.Whole == math.MaxInt64: // so are larger ones
		return 0, fmt.Errorf("%q is larger than any disk", s)
	case q.Nanos != 0:
		return 0, fmt.Errorf("%q is not a whole number of bytes", s)
	}
	return q.Whole, nil
}

// ParseShare parses a percentage of total, such as "50%". ok is false when s is
// not a percentage.
func ParseShare(s string, total int64) (bytes int64, ok bool, err error) {
	number, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	if !ok {
		return 0, false, nil
	}
	if absurd(number) {
		return 0, true, fmt.Errorf("%s is not a share: %w", quoted(s), ErrAbsurd)
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(percent) {
		return 0, true, fmt.Errorf("%q is not a share: expected one like 50%%", s)
	}
	if percent <= 0 || percent > 10000 {
		return 0, true, errors.New("a share must be more than 0% and at most 10000%")
	}
	return int64(float64(total) / 100 * percent), true, nil
}

// quoted quotes a string for an error message, shortened if it is long.
func quoted(s string) string {
	const most = 40
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%q... (%d characters)", s[:most], len(s))
}
