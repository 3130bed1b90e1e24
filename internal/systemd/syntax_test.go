package systemd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/systemd"
)

func TestWordsAreSplitAsSystemdDoes(t *testing.T) {
	for text, want := range map[string][]string{
		`a  b	c`:             {"a", "b", "c"},
		`"a b" 'c d'`:        {"a b", "c d"},
		`"A=x y"  B=z`:       {"A=x y", "B=z"},
		`a\ b "c\"d" 'e\f'`:  {"a b", `c"d`, `e\f`},
		`--x="1 2"`:          {"--x=1 2"},
		`""`:                 {""},
		``:                   nil,
		`"not closed`:        {"not closed"},
		`at the end \`:       {"at", "the", "end", `\`},
		`tab\there line\nxx`: {"tab\there", "line\nxx"},
	} {
		if got := systemd.SplitWords(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestACommandLineGetsItsVariables(t *testing.T) {
	env := map[string]string{"A": `--one="1 2" --two`, "B": "b c"}
	for exec, want := range map[string][]string{
		`-/usr/bin/kubelet $A ${B} x${B}y $$A $NONE ${NONE} 100%% $B ; /bin/true`: {"/usr/bin/kubelet", "--one=1 2", "--two", "b c", "xb cy", "$A", "", "100%", "b", "c"},
		`@/usr/bin/hyperkube kubelet --v=2`:                                       {"/usr/bin/hyperkube", "--v=2"},
	} {
		if got := systemd.CommandLine(exec, env); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", exec, got, want)
		}
	}
}

func TestEnvironmentFilesAreReadAsSystemdDoes(t *testing.T) {
	got := systemd.ParseEnvironment("# no\n; no\nA=1\n B = \"two words\" \nC='it''s'\nD=one \\\ntwo\nE\nF=\"x\\\"y\"\nA=again\n")
	for name, want := range map[string]string{"A": "again", "B": "two words", "C": "its", "D": "one two", "F": `x"y`} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 5 {
		t.Errorf("%q", got)
	}
}

// FuzzUnit: no text makes the parsers of units panic, and what is split and
// quoted again is the same.
func FuzzUnit(f *testing.F) {
	f.Add("[Service]\nExecStart=/usr/bin/kubelet $A \\\n --b\nEnvironment=\"A=1 2\"\n", "A=1\nB=\"x\n")
	f.Add("[", "=")
	f.Fuzz(func(t *testing.T, unit, env string) {
		variables := systemd.ParseEnvironment(env)
		for _, set := range systemd.Parse(unit) {
			if strings.Contains(set.Value, "\n") {
				t.Errorf("a setting of several lines: %q", set.Value)
			}
			_ = systemd.CommandLine(set.Value, variables)
			for _, word := range systemd.SplitWords(set.Value) {
				if got := systemd.SplitWords(systemd.Quoted(word)); !slices.Equal(got, []string{word}) {
					t.Errorf("%q in quotes: %q", word, got)
				}
				if got := systemd.SplitWords(systemd.Unpercent(systemd.Word(word))); word != "" && !strings.Contains(word, "\n") && !slices.Equal(got, []string{word}) {
					t.Errorf("%q as a word: %q", word, got)
				}
			}
		}
	})
}
