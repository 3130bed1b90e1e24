package crypt

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

func TestCiphersThatAreOffered(t *testing.T) {
	for _, c := range []struct {
		cipher    string
		bits, sec int
		want      string // part of the error; empty: fine
	}{
		{"aes-xts-plain64", 512, 0, ""},
		{"aes-xts-plain64", 256, 4096, ""},
		{"serpent-xts-plain64", 384, 512, ""},
		{"aes-cbc-essiv:sha256", 256, 0, ""},
		{"xchacha12,aes-adiantum-plain64", 256, 0, ""},
		{"aes-xts-plain64", 128, 0, "256, 384 or 512 bits, not 128"},
		{"aes-xts-plain64", 0, 0, "not 0"},
		{"aes-cbc-plain64", 512, 0, "128, 192 or 256 bits, not 512"},
		{"aes-xts-plain64", 512, 1024, "512 or 4096"},
		{"aes-xts-plain64", 512, -512, "512 or 4096"},
		{"aes-xts-plain", 512, 0, "plain64"},
		{"aes-xts-essiv:sha256", 512, 0, "plain64"},
		{"aes-ecb-plain64", 256, 0, "not supported"},
		{"aes-ctr-plain64", 256, 0, "not supported"},
		{"cipher_null-ecb", 0, 0, "written like"},
		{"null-ecb-null", 0, 0, "not supported"},
		{"capi:xts(aes)-plain64", 512, 0, "written like"},
		{"aes-gcm-random", 256, 0, "not supported"},
		{"AES-XTS-PLAIN64", 512, 0, "written like"},
		{"aes", 256, 0, "written like"},
		{"", 512, 0, "written like"},
		{"aes-xts-plain64 0 0", 512, 0, "written like"},
	} {
		err := ValidCipher(c.cipher, c.bits, c.sec)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q %d %d: %v, want %q", c.cipher, c.bits, c.sec, err, c.want)
		}
	}
}

func TestNamesOfMappings(t *testing.T) {
	for _, good := range []string{"cryptswap", "swap-0", "a", "A.b_c+d-9", strings.Repeat("n", nameLimit)} {
		if err := ValidName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "control", ".", "..", "-r", "a b", "a/b", "a:b", "a\nb", "é", "a\x00", strings.Repeat("n", nameLimit+1)} {
		if ValidName(bad) == nil {
			t.Errorf("%q is good", bad)
		}
	}
}

func TestAvailability(t *testing.T) {
	for name, c := range map[string]struct {
		option hosttest.Option
		code   int
		hint   string
	}{
		"yes":              {func(*hosttest.Node) {}, fail.OK, ""},
		"no device mapper": {(*hosttest.Node).NoDeviceMapper, fail.Unfit, "modprobe dm_crypt"},
		"no dm-crypt":      {(*hosttest.Node).NoDMCrypt, fail.Unfit, "linux-modules-extra"},
		"not root":         {func(n *hosttest.Node) { n.SetEUID(1000) }, fail.NeedsRoot, "run as root"},
	} {
		err := Available(hosttest.New(t, c.option).Host())
		if fail.Code(err) != c.code || !strings.Contains(strings.Join(fail.Hints(err), "\n"), c.hint) {
			t.Errorf("%s: %v, code %d, hints %q", name, err, fail.Code(err), fail.Hints(err))
		}
	}
}
