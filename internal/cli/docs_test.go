package cli

import "testing"

// TestDocumentsAreThoseOfTheVersion: a release links to its tag, everything else to main.
func TestDocumentsAreThoseOfTheVersion(t *testing.T) {
	for version, ref := range map[string]string{
		"1.2.3": "v1.2.3", "v1.2.3": "v1.2.3", "v0.3.0-rc.1": "v0.3.0-rc.1", "v1.0.0-beta.2": "v1.0.0-beta.2",
		"": "main", "devel": "main", "(devel)": "main", "v1.2.3-4-g0123abc": "main", "v1.2.3-dirty": "main", "4f88779": "main",
		"v0.0.0-20261130230754-4f88779d11ab": "main", "v1.2.4-0.20261130230754-4f88779d11ab+dirty": "main", "v1.2": "main", "v1.2.3+dirty": "main",
		"v1.2.3-SNAPSHOT-4f88779": "main",
	} {
		want := "https://github.com/swapctl/swapctl/blob/" + ref + "/docs/"
		if got := (Process{Build: Build{Version: version}}).Docs(); got != want {
			t.Errorf("%q: %s, want %s", version, got, want)
		}
	}
}
