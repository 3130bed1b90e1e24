package bytesize

import (
	"math/big"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
)

// FuzzQuantity: a text is a quantity, and which one, as Kubernetes says.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{
		"", "0", "1", "1.5", "100m", "1u", "500n", "0.1n", "1073741823.9999", "8Ei", "16Ei", "7.9999Ei", "9223372036854775807", "9223372036854775808",
		"9223372036854775807.5", "9223372036854775.8071", "-1", "-1n", "-8Ei", "-9223372036854775808", "-9223372036854775809", "+3", "-0", "1e9", "1e30", "1E", "12E3", "1e+3",
		"1e-3", "0.000000001Gi", "347501642m", "999999999999.999999999", "1.Gi", ".5", "1e", "e5", "Ki", "Ei", ".", "+", "1K", "1 Gi", "1Gi4", "1.2.3", "--1", "1e1e1",
		"9007199254740993Ki", "1e-10", "1e18", "1e19", "10e18", "0e64", "0Ei", "1_0", "0x1", "1e1_0", "1ki", "9223372036854775.807k", "-.1n",
	} {
		f.Add(text)
	}
	most := new(big.Rat).SetInt64(1<<63 - 1)
	f.Fuzz(func(t *testing.T, text string) {
		if absurd(text) {
			return
		}
		theirs, theirErr := resource.ParseQuantity(text)
		got, err := ParseQuantity(text)
		if bare := strings.TrimLeft(text, "+-."); err != nil && (bare == "" || strings.IndexByte("0123456789", bare[0]) < 0) {
			return // Kubernetes takes "Ti" for zero, but not "Ei"
		}
		if (err != nil) != (theirErr != nil) {
			t.Fatalf("%q: %v, and Kubernetes says %v", text, err, theirErr)
		}
		if err != nil {
			return
		}
		want, _ := new(big.Rat).SetString(theirs.AsDec().String())
		have := new(big.Rat).Add(new(big.Rat).SetInt64(got.Whole), big.NewRat(int64(got.Nanos), NanosPerWhole))
		switch huge := new(big.Rat).Abs(want).Cmp(most) > 0; {
		case got.Text != text || got.Sign() != want.Sign():
			t.Fatalf("%q is %+v, of sign %d", text, got, got.Sign())
		case got.TooLarge() != (huge && want.Sign() > 0):
			t.Fatalf("%q is %+v: too large? %v", text, got, got.TooLarge())
		case !huge && have.Cmp(want) != 0:
			t.Fatalf("%q is %+v, and for Kubernetes %v", text, got, want)
		}
	})
}
