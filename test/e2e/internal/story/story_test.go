package story

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestLongLinesAddToTheOthers(t *testing.T) {
	const text = `# What it shows.
# lanes: uml
# long lanes: trixie
# matrix: run=setup encrypt=true,false
# matrix: run=systemd encrypt=true
# long matrix: run=systemd encrypt=true,false
# matrix trixie: run=setup encrypt=true
# timeout: 2m

swapctl status
`
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "killed.txtar"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		long bool
		want []string
	}{
		{false, []string{"uml/killed/run=setup,encrypt=true", "uml/killed/run=setup,encrypt=false", "uml/killed/run=systemd,encrypt=true"}},
		{true, []string{"uml/killed/run=setup,encrypt=true", "uml/killed/run=setup,encrypt=false", "uml/killed/run=systemd,encrypt=true",
			"uml/killed/run=systemd,encrypt=false", "trixie/killed/run=setup,encrypt=true"}},
	} {
		stories, err := Load(dir, []string{"uml", "trixie"}, c.long)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, lane := range []string{"uml", "trixie"} {
			for _, run := range stories[0].Runs(lane) {
				names = append(names, run.Name())
			}
		}
		if !slices.Equal(names, c.want) {
			t.Errorf("long %t: runs\n%q, want\n%q", c.long, names, c.want)
		}
	}
}
