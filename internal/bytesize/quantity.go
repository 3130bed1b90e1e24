package bytesize

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// The longest quantity that is read, and its largest exponent. No size of memory
// or disk comes near.
const (
	maxLength   = 128
	maxExponent = 64
)

// NanosPerWhole is how many billionths are one: a quantity has no finer parts.
const NanosPerWhole = 1_000_000_000

var (
	// ErrAbsurd is the error of a quantity outside of these bounds, which is
	// not computed.
	ErrAbsurd = fmt.Errorf("it is beyond reason: at most %d characters, and an exponent of at most %d", maxLength, maxExponent)

	errNoQuantity = errors.New("it is not a quantity")
)

// Quantity is a number as Kubernetes writes it: Whole + Nanos/NanosPerWhole. If it is
// negative, neither of them is positive.
type Quantity struct {
	Text  string // as it was written
	Whole int64
	Nanos int32
}

// Sign is -1, 0 or 1.
func (q Quantity) Sign() int {
	switch {
	case q.Whole < 0 || q.Nanos < 0:
		return -1
	case q == Quantity{Text: q.Text}:
		return 0
	}
	return 1
}

// TooLarge reports a number beyond 2^63-1, which a Quantity does not tell from others.
func (q Quantity) TooLarge() bool { return q.Whole == math.MaxInt64 && q.Nanos != 0 }

// ParseQuantity reads a quantity as ParseQuantity of k8s.io/apimachinery v0.37 does
// (pkg/api/resource/quantity.go): what is finer than a billionth is rounded away from
// zero, and a number with a binary suffix is at most 2^63-1. Without a digit it is refused;
// Kubernetes takes some of these for zero. The errors are ErrAbsurd, and one for all else
// that is no quantity.
func ParseQuantity(text string) (Quantity, error) {
	if absurd(text) {
		return Quantity{}, ErrAbsurd
	}
	unsigned, negative := strings.CutPrefix(text, "-")
	if !negative {
		unsigned = strings.TrimPrefix(text, "+")
	}
	whole, suffix := digits(unsigned)
	var fraction string
	if after, ok := strings.CutPrefix(suffix, "."); ok {
		fraction, suffix = digits(after)
	}
	exponent, shift, ok := unitOf(suffix)
	if whole+fraction == "" || !ok {
		return Quantity{}, errNoQuantity
	}
	q, ok := product(whole+fraction, exponent-len(fraction), shift)
	if !ok {
		q = exactly(whole+fraction, exponent-len(fraction), shift)
	}
	if negative {
		q.Whole, q.Nanos = -q.Whole, -q.Nanos
	}
	q.Text = text
	return q, nil
}

// digits cuts a text after the digits that it begins with.
func digits(text string) (number, rest string) {
	rest = strings.TrimLeft(text, "0123456789")
	return text[:len(text)-len(rest)], rest
}

// unitOf is what a suffix stands for: 10^exponent * 2^shift.
func unitOf(suffix string) (exponent int, shift uint, ok bool) {
	const decimal, binary = "kMGTPE", "KMGTPE"
	switch {
	case suffix == "":
		return 0, 0, true
	case suffix == "n":
		return -9, 0, true
	case suffix == "u":
		return -6, 0, true
	case suffix == "m":
		return -3, 0, true
	case len(suffix) == 1:
		i := strings.IndexByte(decimal, suffix[0])
		return 3 * (i + 1), 0, i >= 0
	case len(suffix) == 2 && suffix[1] == 'i':
		i := strings.IndexByte(binary, suffix[0])
		return 0, uint(10 * (i + 1)), i >= 0
	case suffix[0] == 'e' || suffix[0] == 'E':
		exponent, err := strconv.Atoi(suffix[1:])
		return exponent, 0, err == nil
	}
	return 0, 0, false
}

// product is number * 10^exponent * 2^shift, if that is a whole number of 63 bits that
// needs no long arithmetic: nearly all are.
func product(number string, exponent int, shift uint) (q Quantity, ok bool) {
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil || exponent < 0 || exponent > 18 {
		return Quantity{}, false
	}
	factor := uint64(1) << shift
	for range exponent {
		factor *= 10
	}
	high, low := bits.Mul64(n, factor)
	return Quantity{Whole: int64(low)}, high == 0 && low <= math.MaxInt64
}

// exactly is product for every number.
func exactly(number string, exponent int, shift uint) Quantity {
	n, _ := new(big.Int).SetString("0"+number, 10)
	n.Lsh(n, shift)
	power := func(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
	const billionths = 9
	if exponent += billionths; exponent >= 0 {
		n.Mul(n, power(exponent))
	} else if _, rest := n.QuoRem(n, power(-exponent), new(big.Int)); rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	whole, nanos := n.QuoRem(n, big.NewInt(NanosPerWhole), new(big.Int))
	q := Quantity{Whole: whole.Int64(), Nanos: int32(nanos.Int64())}
	if !whole.IsInt64() {
		q = Quantity{Whole: math.MaxInt64, Nanos: NanosPerWhole - 1}
	}
	if q.TooLarge() && shift > 0 {
		q.Nanos = 0
	}
	return q
}

// absurd reports a number that is too long, or has a decimal exponent that is
// too large.
func absurd(text string) bool {
	if len(text) > maxLength {
		return true
	}
	i := strings.IndexAny(text, "eE")
	if i < 0 || i == len(text)-1 {
		return false // none, or exa
	}
	n, err := strconv.ParseInt(text[i+1:], 10, 64)
	return errors.Is(err, strconv.ErrRange) || err == nil && (n > maxExponent || n < -maxExponent)
}
