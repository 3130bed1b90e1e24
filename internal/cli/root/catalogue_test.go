package root_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/setup"
)

// The catalogue of bad inputs and bad situations: what a person is told, and
// that the node is as it was. The texts of each chapter are in a file of
// testdata/catalogue, to be read as somebody does at three in the morning;
// 'go test -run Catalogue -update' writes them, 'go test -run Catalogue/plan' checks
// one chapter.

// situation is one row of the catalogue.
type situation struct {
	name string
	node []shape           // what makes the node bad
	env  map[string]string // SWAPCTL_ variables
	args string            // the command line; words are split at blanks
	argv []string          // instead of args

	code  int    // exit code
	says  string // part of the message
	hint  string // part of a hint
	state string // the state line; empty: nothing was changed

	// acts: the run does something and takes it back, or tries to.
	acts bool
	// left are paths that it may leave changed, as the state line tells; "/" is
	// anything, the kernel included.
	left []string
	// wrap puts itself between swapctl and the node.
	wrap func(host.Host) host.Host
	// slow rows wait for something that does not happen, some seconds.
	slow bool
}

// shape does something to a node.
type shape func(n *hosttest.Node)

// States that a command may end with.
const (
	takenBack = "everything this run did was undone; the node is as it was before"
	noState   = "-" // a command that never changes a node
)

// chapter is a group of rows; name is that of its file.
type chapter struct {
	name, title string
	rows        []situation
}

func catalogue() []chapter {
	return []chapter{
		{"sizes", "Sizes", badSizes()},
		{"paths", "Paths", badPaths()},
		{"files", "Files that are there already", badFiles()},
		{"others", "What others did", othersDid()},
		{"file-systems", "File systems", badFileSystems()},
		{"devices", "Devices", badDevices()},
		{"device-contents", "What a device holds", fullDevices()},
		{"encryption", "Encryption", badEncryption()},
		{"values", "Values", badValues()},
		{"command-lines", "Command lines", badCommandLines()},
		{"configuration", "Configuration", badConfiguration()},
		{"plan", "Planning", badPlanCommands()},
		{"plan-nodes", "Nodes to plan for", badPlanNodes()},
		{"pods", "Pods", badPods()},
		{"setup", "While setting up", badSetups()},
		{"teardown", "While taking down", badTeardowns()},
		{"journal", "The journal", badJournals()},
		{"boot", "Boots", badBoots()},
		{"kubelet", "The kubelet", badKubelets()},
		{"interruptions", "Interruptions", interruptions()},
	}
}

func TestCatalogue(t *testing.T) {
	names, chapters := map[string]bool{}, map[string]bool{}
	for _, c := range catalogue() {
		chapters[c.name+".golden"] = true
		for _, row := range c.rows {
			if names[row.name] {
				t.Errorf("two rows are called %q", row.name)
			}
			names[row.name] = true
		}
		t.Run(c.name, func(t *testing.T) {
			if !c.ownProcess() {
				t.Parallel()
			}
			c.check(t)
		})
	}
	if len(names) < 300 {
		t.Errorf("only %d rows", len(names))
	}
	files, err := os.ReadDir("testdata/catalogue")
	for _, f := range files {
		if !chapters[f.Name()] {
			t.Errorf("testdata/catalogue/%s belongs to no chapter", f.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// ownProcess reports whether a chapter changes what the whole process has: its
// environment, or with a ^C what all its goroutines hear.
func (c chapter) ownProcess() bool {
	return c.name == "interruptions" || slices.ContainsFunc(c.rows, func(s situation) bool { return len(s.env) > 0 })
}

// check runs the rows, the slow ones beside each other, and holds what is said
// against the file of the chapter.
func (c chapter) check(t *testing.T) {
	texts := make([]string, len(c.rows))
	t.Run("row", func(t *testing.T) { // ends when the slow ones have
		for i, row := range c.rows {
			t.Run(row.name, func(t *testing.T) {
				if row.slow {
					t.Parallel()
				}
				stderr := row.check(t)
				texts[i] = fmt.Sprintf("\n%s\n$ %s\n%sexit %d\n", row.name, row.line(), stderr, row.code)
			})
		}
	})
	if slices.Contains(texts, "") {
		return // -run asked for some of the rows only
	}
	head := "# " + c.title + "\n\nWhat is wrong, what is typed, what swapctl says, and its exit code.\n" +
		"Written by: go test ./internal/cli/root -run Catalogue -update\n"
	goldentest.Compare(t, "testdata/catalogue/"+c.name+".golden", head+strings.Join(texts, ""))
}

func (s situation) words() []string {
	if s.argv != nil {
		return s.argv
	}
	return strings.Fields(s.args)
}

// line is the command line as a person types it.
func (s situation) line() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		words = append(words, name+"="+s.env[name])
	}
	words = append(words, "swapctl")
	for _, w := range s.words() {
		if strings.ContainsAny(w, " \t\n\x1b") || w == "" {
			w = fmt.Sprintf("%q", w)
		}
		if len(w) > 100 {
			w = w[:40] + "..." + w[len(w)-20:]
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// result is what one run of swapctl gave.
type result struct {
	code           int
	stdout, stderr string
}

// try runs the situation on a node of its own, and checks what holds for every
// row and every output format.
func (s situation) try(t *testing.T, more ...string) result {
	t.Helper()
	n := hosttest.New(t)
	defer n.Close()
	for _, shape := range s.node {
		shape(n)
	}
	before, opsBefore, brokenBefore := n.Snapshot(s.left...), len(n.Ops()), n.Violations()
	h := n.Host()
	if s.wrap != nil {
		h = s.wrap(h)
	}
	var out, errs bytes.Buffer
	args := append(slices.Clone(s.words()), more...)
	if last := s.words()[len(s.words())-1]; strings.HasPrefix(last, "--") { // it would be its value
		args = append(slices.Clone(more), s.words()...)
	}
	code := root.Run(h, args, cli.Process{
		Out: &out, Err: &errs,
		LookupEnv: clitest.Setenv(t, s.env),
	})
	if code != s.code {
		t.Errorf("exit code %d, want %d; stderr:\n%s", code, s.code, errs.String())
	}
	if diff := before.Diff(n.Snapshot(s.left...)); diff != "" && !slices.Contains(s.left, "/") {
		t.Errorf("the node is not as it was:\n%s", diff)
	}
	for _, op := range n.Ops()[opsBefore:] {
		if !s.acts && op.Err == nil && op.Path != path.Dir(setup.JournalPath) { // which is the lock
			t.Errorf("it did: %s", op)
		}
	}
	if broken := n.Violations(); !slices.Equal(broken, brokenBefore) {
		t.Errorf("what must never be: %q", broken)
	}
	return result{code, out.String(), errs.String()}
}

// told are the lines that a run may print before its error.
var told = regexp.MustCompile(`^swapctl: ((done|undone|warning): |planned for )`)

// check runs the row as a person and as a script does, and returns what a
// person reads on stderr.
func (s situation) check(t *testing.T) string {
	t.Helper()
	r := s.try(t)
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	for len(lines) > 1 && told.MatchString(lines[0]) {
		lines = lines[1:]
	}
	message, ok := strings.CutPrefix(lines[0], "swapctl: error: ")
	if !ok || !strings.HasPrefix(message, "cannot ") {
		t.Errorf("it does not begin with what cannot be done:\n%s", r.stderr)
	}
	s.checkMessage(t, message)
	var hints []string
	state := noState
	for i, line := range lines[1:] {
		if hint, ok := strings.CutPrefix(line, "swapctl: hint: "); ok {
			hints = append(hints, hint)
			continue
		}
		text, ok := strings.CutPrefix(line, "swapctl: state: ")
		if state = text; !ok || i != len(lines)-2 {
			t.Errorf("neither a hint nor the state, which comes last: %s", line)
		}
	}
	if len(hints) == 0 || !strings.Contains(strings.Join(hints, "\n"), s.hint) {
		t.Errorf("want a hint that says %q, have %q", s.hint, hints)
	}
	want := s.state
	if want == "" {
		want = cli.Unchanged
	}
	if state != want {
		t.Errorf("the state is %q, want %q", state, want)
	}
	s.checkScript(t, s.try(t, "-o", "json"), message, hints, state)
	return r.stderr
}

// checkMessage holds the message against the style of all of them.
func (s situation) checkMessage(t *testing.T, message string) {
	t.Helper()
	if s.says == "" || !strings.Contains(message, s.says) {
		t.Errorf("the message does not say %q: %s", s.says, message)
	}
	// What the kernel says of ENOMEM is no second error of ours.
	plain := strings.ReplaceAll(message, "cannot allocate memory", "no memory")
	for _, bad := range []string{": cannot ", "; cannot ", "%!", "<nil>", "hosttest", "context canceled"} {
		if strings.Contains(plain, bad) {
			t.Errorf("the message has %q: %s", bad, message)
		}
	}
}

// checkScript holds the run with -o json against the contract.
func (s situation) checkScript(t *testing.T, r result, message string, hints []string, state string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	var doc struct {
		Error struct {
			Message string   `json:"message"`
			Hints   []string `json:"hints"`
			Code    int      `json:"code"`
			State   string   `json:"state"`
		} `json:"error"`
	}
	decoder := json.NewDecoder(strings.NewReader(lines[len(lines)-1]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		t.Errorf("the last line is not the JSON error: %v\n%s", err, r.stderr)
		return
	}
	e := doc.Error
	if e.State == "" {
		e.State = noState
	}
	if e.Message != message || e.Code != s.code || e.State != state || !slices.Equal(e.Hints, hints) {
		t.Errorf("JSON says something else than the lines:\n%s\nlines: %s\n%q\n%s", lines[len(lines)-1], message, hints, state)
	}
	if r.stdout == "" {
		return
	}
	var report map[string]any
	decoder = json.NewDecoder(strings.NewReader(r.stdout))
	if err := decoder.Decode(&report); err != nil || report["kind"] != "SetupReport" || decoder.More() {
		t.Errorf("stdout is not one whole SetupReport: %v\n%s", err, r.stdout)
	}
}
