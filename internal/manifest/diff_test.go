package manifest

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// FuzzJSON holds the scanner equal to encoding/json.
func FuzzJSON(f *testing.F) {
	for _, seed := range jsonSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if comparableJSON(data) {
			same(t, data, plainJSON)
		}
	})
}

// FuzzYAML holds the line scanner, and the library behind it, equal to
// sigs.k8s.io/yaml.
func FuzzYAML(f *testing.F) {
	for _, seed := range yamlSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if comparableYAML(data) {
			same(t, data, plainYAML)
		}
	})
}

// FuzzGzip: whatever is behind the mark of gzip, reading ends, and compressed or
// not the same objects come out.
func FuzzGzip(f *testing.F) {
	for _, seed := range append(jsonSeeds(), yamlSeeds()[:4]...) {
		f.Add([]byte(seed), uint16(len(seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		_, _ = read(t, "\x1f\x8b"+string(data), Options{})
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write(data)
		_ = z.Close()
		want, wantErr := read(t, string(data), Options{})
		got, err := read(t, packed.String(), Options{})
		if zipped := bytes.HasPrefix(data, []byte{0x1f, 0x8b}); !zipped && ((err == nil) != (wantErr == nil) || len(got) != len(want)) {
			t.Errorf("%d objects, %v; compressed %d, %v", len(want), wantErr, len(got), err)
		}
		// Cut off, it is an error, or nothing is missing of what was read.
		if _, err := read(t, string(packed.Bytes()[:min(int(cut), packed.Len()-1)]), Options{}); err == nil {
			t.Error("what is cut off was read")
		}
	})
}
