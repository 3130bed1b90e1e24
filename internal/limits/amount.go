package limits

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// amount is a quantity without rounding: whole + nanos / 10^9. A quantity never
// has more than nine decimals, so nothing is lost.
type amount struct {
	whole int64
	nanos int32 // 0 to 999999999
}

const (
	nanosPerWhole = bytesize.NanosPerWhole
	nanosPerMilli = 1_000_000

	// What is as large has more thousandths, or billionths, than 63 bits hold.
	maxMilli = math.MaxInt64 / 1000
	maxNano  = math.MaxInt64 / nanosPerWhole
)

var (
	errNegative = errors.New("must not be negative")
	errTooLarge = errors.New("is too large: must be at most 9223372036854775807, 2^63-1 (the kubelet's arithmetic would wrap around)")
)

// exactly returns the amount of a quantity. It refuses negative ones, which an
// API server refuses too, and those beyond 63 bits, which it lets through.
func exactly(q bytesize.Quantity) (amount, error) {
	switch {
	case q.Sign() < 0:
		return amount{}, refused(q, errNegative)
	case q.TooLarge():
		return amount{}, refused(q, errTooLarge)
	}
	return amount{q.Whole, q.Nanos}, nil
}

func refused(q bytesize.Quantity, err error) error { return fmt.Errorf("%s: %w", q.Text, err) }

func (a amount) isZero() bool { return a.whole == 0 && a.nanos == 0 }

// cmp is -1, 0 or 1.
func (a amount) cmp(b amount) int {
	switch {
	case a.whole < b.whole || a.whole == b.whole && a.nanos < b.nanos:
		return -1
	case a == b:
		return 0
	default:
		return 1
	}
}

// bytes is the amount rounded up, as Quantity.Value does.
func (a amount) bytes() int64 {
	if a.nanos > 0 && a.whole < math.MaxInt64 {
		return a.whole + 1
	}
	return a.whole
}

// roundedUp is the amount rounded up to thousandths, as an API server stores it
// (pkg/apis/core/v1/defaults.go, SetDefaults_ResourceList). ok is false if that
// is beyond 63 bits.
func (a amount) roundedUp() (rounded amount, ok bool) {
	rest := a.nanos % nanosPerMilli
	if rest == 0 {
		return a, true
	}
	a.nanos += nanosPerMilli - rest
	if a.nanos < nanosPerWhole {
		return a, true
	}
	return amount{whole: a.whole + 1}, a.whole < math.MaxInt64
}

// plus adds; a sum beyond 63 bits becomes the largest amount there is, which is
// larger than any quantity.
func (a amount) plus(b amount) amount {
	nanos := a.nanos + b.nanos
	carry := int64(0)
	if nanos >= nanosPerWhole {
		nanos, carry = nanos-nanosPerWhole, 1
	}
	if a.whole > math.MaxInt64-carry-b.whole {
		return amount{math.MaxInt64, nanosPerWhole - 1}
	}
	return amount{a.whole + b.whole + carry, nanos}
}

// quantity is an amount of a resource for people, as Kubernetes writes it
// (apimachinery, Quantity.CanonicalizeBytes): a whole number of the largest unit possible,
// which is one of Ki, Mi and so on for memory.
func (a amount) quantity(resource int) string {
	switch fine := a.nanos%nanosPerMilli != 0; {
	case fine && a.whole < maxNano:
		return inUnits(a.whole*nanosPerWhole+int64(a.nanos), 1000, "n", "u")
	case !fine && a.nanos != 0 && a.whole < maxMilli:
		return inUnits(a.whole*1000+int64(a.nanos/nanosPerMilli), 1000, "m")
	case resource == memory && a.whole >= 1024:
		return inUnits(a.bytes(), 1024, "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
	default:
		return inUnits(a.bytes(), 1000, "", "k", "M", "G", "T", "P", "E")
	}
}

// inUnits writes a number in the largest unit in which it is whole. Each is as many times
// the one before.
func inUnits(n, times int64, units ...string) string {
	for len(units) > 1 && n != 0 && n%times == 0 {
		n, units = n/times, units[1:]
	}
	return strconv.FormatInt(n, 10) + units[0]
}
