package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/goldentest"
)

// kindOf is what stays of a message when names and numbers are left out: what
// could not be done.
func kindOf(message string) string {
	kind, _, _ := strings.Cut(message, ": ")
	kind = regexp.MustCompile(`"?(?:/|default/|node-)\S*|\d[\d.]* (?:Gi|Mi)B|\d\S*$`).ReplaceAllString(kind, "X")
	return strings.TrimSpace(kind)
}

// plain are the kinds of messages that need no entry: they quote what was typed,
// or the hint is all that there is to say.
func plain() []string {
	return []string{
		"cannot ask this machine for its memory and swap", "cannot bring swap back", "cannot tear down swap",
		"cannot explain X", "cannot give NoSwap to Kubernetes X", "cannot keep a swap file at relative", "cannot keep a swap file at swapfile",
		"cannot keep the pods in a temporary file", "cannot make a UUID for the swap area", "cannot make the mapping vg-swap",
		"cannot make the systemd unit swapctl.service", "cannot plan for node X", "cannot read X", "cannot read the configuration in the journal",
		"cannot read the journal", "cannot read the state of swap", "cannot see how much memory there is", "cannot see when X is mounted at boot", "cannot see whether swap is on at X",
		"cannot set vm.min_free_kbytes to X", "cannot understand the template path", "cannot use X", "cannot use the device LABEL=swap",
		"cannot write a swap header to X",
	}
}

// TestTroubleshootingKnowsEveryKindOfMessage: of whatever swapctl cannot do, the
// page has at least one message, or the message says it all. Flags and
// SWAPCTL_ variables are quoted as they were typed, with what they take.
func TestTroubleshootingKnowsEveryKindOfMessage(t *testing.T) {
	quoted, said := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^> (cannot .*)$`).FindAllStringSubmatch(goldentest.Read(t, "troubleshooting.md"), -1) {
		quoted[kindOf(m[1])] = true
	}
	flag := regexp.MustCompile(`^cannot use (?:--|SWAPCTL_)`)
	for _, m := range regexp.MustCompile(`(?m)^swapctl: error: (cannot .*)$`).FindAllStringSubmatch(catalogue(t), -1) {
		kind := kindOf(m[1])
		if said[kind] || flag.MatchString(kind) {
			continue
		}
		said[kind] = true
		if !quoted[kind] && !slices.Contains(plain(), kind) {
			t.Errorf("docs/troubleshooting.md has no message like: %s (%s)", m[1], kind)
		}
	}
	for _, kind := range plain() {
		if !said[kind] {
			t.Errorf("swapctl does not say %q any more", kind)
		}
	}
	if len(said) < 40 {
		t.Errorf("only %d kinds", len(said))
	}
}

// TestTroubleshootingNamesFlagsThatAreThere: each swapctl flag that the page names
// is one of setup, teardown, plan or check.
func TestTroubleshootingNamesFlagsThatAreThere(t *testing.T) {
	flags := map[string]bool{}
	for _, p := range commandPages() {
		for _, group := range p.groups {
			for _, f := range group.Flags {
				flags["--"+f.Long] = true
			}
		}
	}
	// Of swapon, losetup, dmsetup, findmnt and the kubelet.
	for _, other := range []string{"--show", "--detach", "--tree", "--source", "--fail-swap-on"} {
		flags[other] = true
	}
	found := 0
	for _, flag := range regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(goldentest.Read(t, "troubleshooting.md"), -1) {
		found++
		if !flags[flag] {
			t.Errorf("no command has %s", flag)
		}
	}
	if found < 20 {
		t.Errorf("only %d flags", found)
	}
}
