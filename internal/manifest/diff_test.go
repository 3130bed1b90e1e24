package manifest

import "testing"

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
