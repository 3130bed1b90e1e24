package limits

import (
	"errors"
	"math"
	"math/big"

	"k8s.io/apimachinery/pkg/api/resource"
)

// amount is a quantity without rounding: whole + nanos / 10^9. A quantity never
// has more than nine decimals (apimachinery, resource.ParseQuantity), so nothing
// is lost, and comparing is two instructions instead of a decimal library.
type amount struct {
	whole int64
	nanos int32 // 0 to 999999999
}

const (
	nanosPerWhole = 1_000_000_000
	nanosPerMilli = 1_000_000
)

var (
	errNegative = errors.New("must not be negative")
	errTooLarge = errors.New("is too large: must be at most 9223372036854775807, 2^63-1 (the kubelet's arithmetic would wrap around)")
)

// exactly returns the amount of a quantity. It refuses negative ones, which an
// API server refuses too, and those beyond 63 bits, which it lets through.
func exactly(q *resource.Quantity) (amount, error) {
	if whole, ok := q.AsInt64(); ok {
		if whole < 0 {
			return amount{}, errNegative
		}
		return amount{whole: whole}, nil
	}
	// An exact comparison would write out all digits of 1e1000000000.
	switch about := q.AsApproximateFloat64(); {
	case about < 0:
		return amount{}, errNegative
	case about < 1<<40:
		// Cores are written in thousandths: by far the most usual fraction.
		milli := q.MilliValue()
		if q.Cmp(*resource.NewMilliQuantity(milli, resource.DecimalSI)) == 0 {
			return amount{milli / 1000, int32(milli % 1000 * nanosPerMilli)}, nil
		}
	case about > 2*math.MaxInt64, q.CmpInt64(math.MaxInt64) > 0:
		return amount{}, errTooLarge
	}
	return exactlyBig(q), nil
}

// exactlyBig is exactly for the rest: fractions finer than a thousandth, or of
// a large number.
func exactlyBig(q *resource.Quantity) amount {
	duplicate := q.DeepCopy() // AsDec changes how a quantity is stored
	dec := duplicate.AsDec()
	// The value is unscaled / 10^scale, with a scale of at most 9.
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(9-dec.Scale())), nil)
	nanos := factor.Mul(factor, dec.UnscaledBig())
	whole, rest := new(big.Int).QuoRem(nanos, big.NewInt(nanosPerWhole), new(big.Int))
	return amount{whole.Int64(), int32(rest.Int64())}
}

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

// quantity is the amount for people.
func (a amount) quantity(format resource.Format) string {
	switch {
	case a.nanos == 0:
		return resource.NewQuantity(a.whole, format).String()
	case a.nanos%nanosPerMilli == 0 && a.whole < resource.MaxMilliValue:
		return resource.NewMilliQuantity(a.whole*1000+int64(a.nanos/nanosPerMilli), format).String()
	case a.whole < math.MaxInt64/nanosPerWhole:
		return resource.NewScaledQuantity(a.whole*nanosPerWhole+int64(a.nanos), resource.Nano).String()
	default:
		return resource.NewQuantity(a.bytes(), format).String()
	}
}
