package bytesize

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestReadsTheSizesPeopleWrite(t *testing.T) {
	for text, want := range map[string]int64{
		"4Gi": 4 << 30, "4GiB": 4 << 30, " 4GiB ": 4 << 30, "512M": 512e6, "4294967296": 4 << 30,
		"1.5Gi": 3 << 29, "64Mi": 64 << 20, "64MiB": 64 << 20, "1e3": 1000, "100k": 100_000, "8Ti": 8 << 40,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestRefusesWhatIsNoSize(t *testing.T) {
	for _, text := range []string{
		"", " ", "4GB", "4 Gi", "big", "-4Gi", "0", "0Gi", "100m", "1.5", "9Ei", "0x10", "4gi", "NaN", "1e99", "4Gi4", "iB", "50%",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %d, want an error", text, got)
		}
	}
}

func TestReadsSharesOfATotal(t *testing.T) {
	if got, ok, err := ParseShare("50%", 8<<30); got != 4<<30 || !ok || err != nil {
		t.Errorf("50%% of 8 GiB = %d, %v, %v", got, ok, err)
	}
	if _, ok, _ := ParseShare("4Gi", 8<<30); ok {
		t.Error("4Gi was taken for a share")
	}
	for _, text := range []string{"%", "0%", "-5%", "NaN%", "Inf%", "10001%", "half%", "5%%"} {
		if got, _, err := ParseShare(text, 8<<30); err == nil {
			t.Errorf("ParseShare(%q) = %d, want an error", text, got)
		}
	}
}

func TestWritesSizesForPeople(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 4 << 30: "4 GiB", 4<<30 - 4096: "4 GiB", 1<<62 + 1: "4 EiB",
	} {
		if got := Format(bytes); got != want {
			t.Errorf("Format(%d) = %q, want %q", bytes, got, want)
		}
	}
}

// hostile are quantities that a parser may compute without end.
func hostile() []string {
	return []string{
		"1e999999999", "1E999999999", "1e-999999999", "-1e99999", "1e+999999999", "1e99999999999999999999", "1e4294967296", "9e18Ei",
		"0x1p1000", "NaN", "Inf", strings.Repeat("9", 1<<20), "0." + strings.Repeat("0", 1<<20) + "1", strings.Repeat("9", 1<<20) + "Ei", "1e65", "1e-65",
	}
}

// TestAnAbsurdQuantityIsNotComputed: Kubernetes takes gigabytes for these.
func TestAnAbsurdQuantityIsNotComputed(t *testing.T) {
	began := time.Now()
	for _, text := range hostile() {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%.40q) = %d", text, got)
		}
		if _, err := ParseQuantity(text); err == nil {
			t.Errorf("ParseQuantity(%.40q) is taken", text)
		}
		if _, ok, err := ParseShare(text+"%", 8<<30); !ok || err == nil {
			t.Errorf("ParseShare(%.40q%%): %v, %v", text, ok, err)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

// FuzzParse: whatever is taken is a whole number of bytes, and the same when it is
// written as a number; nothing takes long.
func FuzzParse(f *testing.F) {
	for _, text := range append(hostile(), "4Gi", "4GiB", "1.5Gi", "1e3", "50%", " 7k ", "0.5", "100m", "1n") {
		if len(text) < 1<<10 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		_, _ = ParseQuantity(text)
		if bytes, err := Parse(text); err == nil {
			if again, err := Parse(strconv.FormatInt(bytes, 10)); bytes <= 0 || err != nil || again != bytes {
				t.Errorf("%q is %d, and that is %d, %v", text, bytes, again, err)
			}
			if Format(bytes) == "" {
				t.Errorf("%d cannot be said", bytes)
			}
		}
		if bytes, ok, err := ParseShare(text, 1<<40); err == nil && (bytes < 0 || ok != strings.HasSuffix(strings.TrimSpace(text), "%")) {
			t.Errorf("%q is %d, %v", text, bytes, ok)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%q took %v", text, took)
		}
	})
}

func TestTheSizeThatWasMeantIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"4gb":                 "4Gi (4294967296 bytes), or 4G (4000000000 bytes)",
		"4 GB":                "4Gi (4294967296 bytes), or 4G (4000000000 bytes)",
		"4G B":                "4Gi (4294967296 bytes), or 4G (4000000000 bytes)",
		"4g":                  "4Gi (4294967296 bytes), or 4G (4000000000 bytes)",
		"4 gib":               "4Gi (4294967296 bytes)",
		"4 Gi":                "4Gi (4294967296 bytes)",
		"4gi":                 "4Gi (4294967296 bytes)",
		"512 mbytes":          "512Mi (536870912 bytes), or 512M (512000000 bytes)",
		"4096m":               "4096Mi (4294967296 bytes), or 4096M (4096000000 bytes)",
		"8K":                  "8Ki (8192 bytes), or 8k (8000 bytes)",
		"1.5gb":               "1.5Gi (1610612736 bytes), or 1.5G (1500000000 bytes)",
		"0gb":                 "",
		"lots":                "",
		"":                    "",
		"4x":                  "",
		"gb":                  "",
		"-4gb":                "",
		"999999999999eb":      "",
		"4gb4":                "",
		"1.0001k":             "",
		"4\u00a0GB":           "4Gi (4294967296 bytes), or 4G (4000000000 bytes)",
		"1234567890123456789": "",
	} {
		if got := Meant(text); got != want {
			t.Errorf("Meant(%q) is %q, want %q", text, got, want)
		}
	}
	if got, want := Hint("--size", "4gib", "for example"), "did you mean --size 4Gi (4294967296 bytes)?"; got != want {
		t.Errorf("Hint is %q, want %q", got, want)
	}
	if got := Hint("--size", "much", "for example"); got != "for example" {
		t.Errorf("Hint is %q", got)
	}
}
