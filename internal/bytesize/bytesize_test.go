package bytesize

import "testing"

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
