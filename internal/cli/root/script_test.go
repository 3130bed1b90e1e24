package root_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/cli/setup"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// TestScripts runs the stories of testdata/script, each on a fake node of its
// own. Besides the commands of testscript they have
//
//	[!] swapctl ARG...       run swapctl on the node; "< FILE" at the end is its standard input
//	exits CODE swapctl ...   the same, and it must exit with this code
//	node WHAT ...            prepare the node, see nodeCommands
//	snapshot                 remember the node as it is (done at the start)
//	unchanged                the node is as it was at the last snapshot
//	error TEXT               stderr has the line "swapctl: error: TEXT"
//	hint TEXT                stderr has the line "swapctl: hint: TEXT"
//
// The node is checked after every swapctl for what must never happen: a key in
// a file, a file pulled away from under its user; a change by --dry-run or with
// an exit code that promises that there is none.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			if !strings.Contains(goldentest.Read(t, file), "env SWAPCTL_") {
				t.Parallel() // viper reads the environment of the whole process
			}
			s := &story{t: t, node: hosttest.New(t)}
			s.before = s.snapshot()
			testscript.Run(t, testscript.Params{
				Files: []string{file}, UpdateScripts: *goldentest.Update, RequireUniqueNames: true,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"swapctl": s.swapctl, "exits": s.exits, "node": s.prepare,
					"snapshot": s.remember, "unchanged": s.unchanged,
					"error": s.says("error"), "hint": s.says("hint"),
				},
			})
		})
	}
}

// story is one script and its node.
type story struct {
	t      *testing.T
	node   *hosttest.Node
	before hosttest.Snapshot
}

// environment is what a script may set for swapctl, and nothing else of what
// the tests were started with.
var environment = []string{"NO_COLOR", "TERM"}

func (s *story) run(ts *testscript.TestScript, args []string) int {
	before := s.snapshot()
	for _, one := range setup.NewSettings().All() {
		if value := ts.Getenv(one.Env()); value != os.Getenv(one.Env()) {
			s.t.Setenv(one.Env(), value)
		}
	}
	var in io.Reader = strings.NewReader("")
	if n := len(args); n > 1 && args[n-2] == "<" {
		in, args = strings.NewReader(ts.ReadFile(args[n-1])), args[:n-2]
	}
	code := root.Run(s.node.Host(), args, cli.Process{
		In: in, Out: ts.Stdout(), Err: ts.Stderr(),
		LookupEnv: func(name string) (string, bool) {
			value := ts.Getenv(name)
			known := strings.HasPrefix(name, "SWAPCTL_")
			for _, e := range environment {
				known = known || e == name
			}
			return value, known && value != ""
		},
	})
	for _, v := range s.node.Violations() {
		ts.Fatalf("swapctl %s: %s", strings.Join(args, " "), v)
	}
	switch code {
	case fail.Usage, fail.Unfit, fail.Pending, fail.NeedsRoot, fail.Locked:
		s.same(ts, before, args)
	}
	if slices.Contains(args, "--dry-run") {
		s.same(ts, before, args)
	}
	return code
}

// same fails the script when the node is not as it was before.
func (s *story) same(ts *testscript.TestScript, before hosttest.Snapshot, args []string) {
	if diff := before.Diff(s.snapshot()); diff != "" {
		ts.Fatalf("swapctl %s: the node is changed:\n%s", strings.Join(args, " "), diff)
	}
}

func (s *story) swapctl(ts *testscript.TestScript, neg bool, args []string) {
	if code := s.run(ts, args); (code != 0) != neg {
		ts.Fatalf("swapctl %s: exit code %d", strings.Join(args, " "), code)
	}
}

func (s *story) exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "swapctl" {
		ts.Fatalf("usage: exits CODE swapctl ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := s.run(ts, args[2:]); code != want {
		ts.Fatalf("swapctl %s: exit code %d, want %d", strings.Join(args[2:], " "), code, want)
	}
}

func (s *story) snapshot() hosttest.Snapshot { return s.node.Snapshot() }

func (s *story) remember(*testscript.TestScript, bool, []string) { s.before = s.snapshot() }

func (s *story) unchanged(ts *testscript.TestScript, neg bool, _ []string) {
	diff := s.before.Diff(s.snapshot())
	switch {
	case neg && diff == "":
		ts.Fatalf("the node is unchanged")
	case !neg && diff != "":
		ts.Fatalf("the node is changed:\n%s", diff)
	}
}

// says returns the command that looks for a line of this kind on stderr. The
// text is what stands there, not a pattern.
func (s *story) says(kind string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		line := "swapctl: " + kind + ": " + strings.Join(args, " ")
		text := ts.ReadFile("stderr")
		found := false
		for l := range strings.Lines(text) {
			found = found || strings.TrimSuffix(l, "\n") == line
		}
		if found == neg {
			ts.Fatalf("want (%v) on stderr:\n%s\nhave:\n%s", !neg, line, text)
		}
	}
}

func (s *story) prepare(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: node WHAT ...")
	}
	command, ok := nodeCommands[args[0]]
	if !ok || len(args)-1 < command.least {
		ts.Fatalf("node %s: unknown, or it lacks arguments", strings.Join(args, " "))
	}
	command.do(ts, s.node, args[1:])
	// What the script did to the node is not what swapctl did.
	if !command.looks {
		s.before = s.snapshot()
	}
}

// nodeCommand is a word of the script command "node".
type nodeCommand struct {
	least int  // arguments that it needs
	looks bool // it does not change the node
	do    func(ts *testscript.TestScript, n *hosttest.Node, args []string)
}

// nodeCommands prepare the node of a script. Sizes are as in --size.
var nodeCommands = map[string]nodeCommand{
	// disk NAME SIZE; partition DISK NUMBER SIZE
	"disk": {2, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) { n.AddDisk(a[0], parseSize(ts, a[1])) }},
	"partition": {3, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		n.AddPartition(a[0], parseNumber(ts, a[1]), parseSize(ts, a[2]))
	}},
	// kubeadm VERSION; start UNIT, by somebody else's hand; runs UNIT COUNT
	"kubeadm": {1, false, func(_ *testscript.TestScript, n *hosttest.Node, a []string) { hosttest.Kubeadm(a[0])(n) }},
	"start":   {1, false, func(_ *testscript.TestScript, n *hosttest.Node, a []string) { n.StartUnit(a[0]) }},
	"runs": {2, true, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		if got := n.Runs(a[0]); got != parseNumber(ts, a[1]) {
			ts.Fatalf("%s was started %d times", a[0], got)
		}
	}},
	// filesystem POINT TYPE [SOURCE [TOTAL FREE]] [ro] [no-fallocate]
	"filesystem": {2, false, mountFileSystem},
	// file PATH FROM [MODE]; link PATH TARGET; owner PATH UID; size PATH SIZE
	"file": {2, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		mode := os.FileMode(0o644)
		if len(a) > 2 {
			m, err := strconv.ParseUint(a[2], 8, 32)
			ts.Check(err)
			mode = os.FileMode(m)
		}
		n.WriteFile(a[0], ts.ReadFile(a[1]), mode)
	}},
	"chmod": {2, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		m, err := strconv.ParseUint(a[1], 8, 32)
		ts.Check(err)
		ts.Check(os.Chmod(n.Path(a[0]), os.FileMode(m&0o777)|stickyBit(m)))
	}},
	"mkdir": {1, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		ts.Check(os.MkdirAll(n.Path(a[0]), 0o755))
	}},
	"remove": {1, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) { ts.Check(os.Remove(n.Path(a[0]))) }},
	"link":   {2, false, func(_ *testscript.TestScript, n *hosttest.Node, a []string) { n.Symlink(a[0], a[1]) }},
	"owner": {2, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		n.SetOwner(a[0], uint32(parseNumber(ts, a[1])), uint32(parseNumber(ts, a[1])))
	}},
	"euid": {1, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) { n.SetEUID(parseNumber(ts, a[0])) }},
	"available-memory": {1, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		n.SetAvailableMemory(parseSize(ts, a[0]))
	}},
	"use-swap":         {2, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) { n.UseSwap(a[0], parseSize(ts, a[1])) }},
	"no-device-mapper": {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.NoDeviceMapper() }},
	"no-dm-crypt":      {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.NoDMCrypt() }},
	"no-keyring":       {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.NoKeyring() }},
	"no-loop":          {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.NoLoop() }},
	"no-loop-free":     {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.NoLoopFree() }},
	"systemd":          {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.Systemd() }},
	"reboot":           {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { n.Reboot() }},
	// lock: another swapctl is at work
	"lock": {0, false, func(_ *testscript.TestScript, n *hosttest.Node, _ []string) { locked(n) }},
	// fail OPERATION PATH|* ERRNO; heal OPERATION PATH|*; kill-at NUMBER
	"fail": {3, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		n.FailOn(a[0], strings.TrimPrefix(a[1], "*"), errno(ts, a[2]))
	}},
	"heal": {2, false, func(_ *testscript.TestScript, n *hosttest.Node, a []string) {
		n.FailOn(a[0], strings.TrimPrefix(a[1], "*"), nil)
	}},
	"kill-at": {1, false, func(ts *testscript.TestScript, n *hosttest.Node, a []string) { n.KillAt(parseNumber(ts, a[0])) }},
	// cat PATH; absent PATH
	"cat": {1, true, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		data, err := os.ReadFile(n.Path(a[0]))
		ts.Check(err)
		_, err = ts.Stdout().Write(data)
		ts.Check(err)
	}},
	"contains": {2, true, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		data, err := os.ReadFile(n.Path(a[0]))
		ts.Check(err)
		if !strings.Contains(string(data), a[1]) {
			ts.Fatalf("%s does not say %q:\n%s", a[0], a[1], data)
		}
	}},
	"absent": {1, true, func(ts *testscript.TestScript, n *hosttest.Node, a []string) {
		if _, err := os.Lstat(n.Path(a[0])); !errors.Is(err, os.ErrNotExist) {
			ts.Fatalf("%s is there (%v)", a[0], err)
		}
	}},
}

func mountFileSystem(ts *testscript.TestScript, n *hosttest.Node, args []string) {
	f := hosttest.FileSystem{Type: args[1]}
	var rest []string
	for _, word := range args[2:] {
		switch word {
		case "ro":
			f.ReadOnly = true
		case "no-fallocate":
			f.NoFallocate = true
		default:
			rest = append(rest, word)
		}
	}
	if len(rest) > 0 {
		f.Source = rest[0]
	}
	if len(rest) > 2 {
		f.TotalBytes, f.FreeBytes = parseSize(ts, rest[1]), parseSize(ts, rest[2])
	}
	n.SetFileSystem(args[0], f)
}

func parseSize(ts *testscript.TestScript, s string) int64 {
	bytes, err := bytesize.Parse(s)
	ts.Check(err)
	return bytes
}

func parseNumber(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

func stickyBit(mode uint64) os.FileMode {
	if mode&0o1000 != 0 {
		return os.ModeSticky
	}
	return 0
}

func errno(ts *testscript.TestScript, name string) error {
	for e := range unix.Errno(200) {
		if unix.ErrnoName(e) == name {
			return e
		}
	}
	ts.Fatalf("there is no errno %s", name)
	return fmt.Errorf("unreachable")
}
