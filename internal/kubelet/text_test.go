package kubelet

import (
	"bytes"
	"strings"
	"testing"
)

func TestVersionsAreFoundInWhatProgramsSay(t *testing.T) {
	for text, want := range map[string]string{
		"Kubernetes v1.34.1\n":                     "v1.34.1",
		"k3s version v1.32.1+k3s1 (6a322f12)":      "v1.32.1+k3s1",
		"Kubernetes v1.33.5-gke.100":               "v1.33.5-gke.100",
		"v1.31.1+k0s.0":                            "v1.31.1+k0s.0",
		"Kubernetes 1.30.0":                        "v1.30.0",
		"go version go1.23.4, Kubernetes v1.29.0.": "v1.29.0",
	} {
		if got, err := parseVersion(text); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got, err := parseVersion("command not found"); err == nil {
		t.Errorf("found %q", got)
	}
}

func TestAnEditIsFoundAgainWhereItStands(t *testing.T) {
	original := "a\nb\nfailSwapOn: true\nc\nd\n"
	edited := "a\nb\nfailSwapOn: false\nc\nd\nmemorySwap:\n  swapBehavior: LimitedSwap\n"
	for name, c := range map[string]struct{ now, want string }{
		"as we left it":      {edited, original},
		"as it was":          {original, original},
		"more at both ends":  {"new\n" + edited + "end\n", "new\n" + original + "end\n"},
		"more in between":    {strings.Replace(edited, "c\n", "c\nx\n", 1), strings.Replace(original, "c\n", "c\nx\n", 1)},
		"less in between":    {strings.Replace(edited, "c\n", "", 1), strings.Replace(original, "c\n", "", 1)},
		"our line changed":   {strings.Replace(edited, "false", "no", 1), ""},
		"our block changed":  {strings.Replace(edited, "LimitedSwap", "NoSwap", 1), ""},
		"our line twice":     {"failSwapOn: false\n" + strings.Replace(edited, "b\n", "", 1), "failSwapOn: false\n" + strings.Replace(original, "b\n", "", 1)},
		"twice, and nowhere": {"failSwapOn: false\nmemorySwap:\n  swapBehavior: LimitedSwap\nfailSwapOn: false\n", ""},
		"written anew":       {"kind: x\n", ""},
	} {
		got, ok := Revert([]byte(original), []byte(edited), []byte(c.now))
		if ok != (c.want != "") || string(got) != c.want {
			t.Errorf("%s: %v\n%s", name, ok, got)
		}
	}
}

// FuzzRevert: what was edited and not changed since comes back byte for byte, and
// a line at an end makes no difference.
func FuzzRevert(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n")
	f.Add("", "x")
	f.Add("a\na\na", "a\nb\na\nb\na")
	f.Fuzz(func(t *testing.T, original, edited string) {
		got, ok := Revert([]byte(original), []byte(edited), []byte(edited))
		if !ok || string(got) != original {
			t.Errorf("%q -> %q: %q, %v", original, edited, got, ok)
		}
		if got, ok := Revert([]byte(original), []byte(edited), []byte("\x01\n"+edited)); ok && !bytes.HasPrefix(got, []byte("\x01\n")) {
			t.Errorf("%q -> %q: it lost a line: %q", original, edited, got)
		}
	})
}
