package bytesize

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// The longest quantity that is read, and its largest exponent. No size of memory
// or disk comes near. The library writes out every digit of what is beyond:
// "1e999999999" takes gigabytes and does not end.
const (
	maxLength   = 128
	maxExponent = 64
)

// ErrAbsurd is the error of a quantity that is not even computed.
var ErrAbsurd = fmt.Errorf("it is beyond reason: at most %d characters, and an exponent of at most %d", maxLength, maxExponent)

// ParseQuantity is resource.ParseQuantity within these bounds. All quantities,
// whoever wrote them, are read by it; the linter forbids the library's own.
func ParseQuantity(text string) (resource.Quantity, error) {
	if absurd(text) {
		return resource.Quantity{}, ErrAbsurd
	}
	return resource.ParseQuantity(text) //nolint:forbidigo // the one place, within the bounds
}

// absurd reports a number that is too long, or has a decimal exponent beyond reason.
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
