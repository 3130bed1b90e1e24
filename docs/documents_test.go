package docs_test

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// catalogue is all that the tests of bad situations have seen swapctl say.
func catalogue(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../internal/cli/root/testdata/catalogue/*.golden")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d chapters (%v)", len(files), err)
	}
	var text strings.Builder
	for _, name := range files {
		text.WriteString(goldentest.Read(t, name))
	}
	return text.String()
}

// TestTroubleshootingQuotesWhatSwapctlSays: each line "> cannot ..." is a message
// that the catalogue of bad situations has.
func TestTroubleshootingQuotesWhatSwapctlSays(t *testing.T) {
	said := catalogue(t)
	quoted := map[string]bool{}
	for line := range strings.Lines(goldentest.Read(t, "troubleshooting.md")) {
		message, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> ")
		if !ok {
			continue
		}
		if quoted[message] {
			t.Errorf("twice: %s", message)
		}
		quoted[message] = true
		if !strings.Contains(said, "swapctl: error: "+message+"\n") {
			t.Errorf("swapctl says nowhere in internal/cli/root/testdata/catalogue: %s", message)
		}
	}
	if len(quoted) < 40 {
		t.Errorf("only %d messages", len(quoted))
	}
}

// TestExitCodesInTheDocs holds the table of docs/errors.md against package fail.
func TestExitCodesInTheDocs(t *testing.T) {
	var have []int
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| \S`).FindAllStringSubmatch(goldentest.Read(t, "errors.md"), -1) {
		code, _ := strconv.Atoi(m[1])
		have = append(have, code)
	}
	want := []int{fail.OK, fail.Failed, fail.Usage, fail.Unfit, fail.Pending, fail.NeedsRoot, fail.Locked, fail.Interrupted}
	if !slices.Equal(have, want) {
		t.Errorf("docs/errors.md has the codes %v, want %v", have, want)
	}
}

// writers are runs that together write to every place that setup knows.
var writers = []struct {
	name  string
	node  []hosttest.Option
	setup string
}{
	{"systemd", []hosttest.Option{hosttest.Kubeadm("v1.34.1"), func(n *hosttest.Node) {
		n.WriteFile("/proc/sys/vm/min_free_kbytes", "67584\n", 0o644)
		n.WriteFile("/proc/sys/vm/watermark_scale_factor", "10\n", 0o644)
		n.WriteFile("/proc/sys/vm/watermark_boost_factor", "15000\n", 0o644)
	}}, "--size 64Mi --protect-system-slice --swappiness 70 --min-free-kbytes 65536 --watermark-scale-factor 50 --watermark-boost-factor 0"},
	{"older kubelet", []hosttest.Option{hosttest.Kubeadm("v1.27.16")}, "--size 64Mi"},
	{"device", []hosttest.Option{(*hosttest.Node).Systemd}, "--device /dev/disk/by-id/virtio-vdb"},
	{"fstab", []hosttest.Option{(*hosttest.Node).Systemd, func(n *hosttest.Node) {
		n.WriteFile("/usr/lib/systemd/system-generators/systemd-cryptsetup-generator", "", 0o755)
		n.Symlink("/etc/systemd/system/swap.target", "/dev/null")
	}}, "--size 64Mi --persist fstab"},
	{"grown", []hosttest.Option{(*hosttest.Node).Systemd}, "--size 32Mi"},
}

// TestEveryPathThatIsWrittenIsInTheDocs runs setup in all its ways, and holds
// each file that it or teardown touches against the table of docs/security.md;
// and a row that nobody writes to is wrong as well.
func TestEveryPathThatIsWrittenIsInTheDocs(t *testing.T) {
	_, table, _ := strings.Cut(goldentest.Read(t, "security.md"), "## What is written where")
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(/[^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		listed[m[1]] = false
	}
	if len(listed) < 15 {
		t.Fatalf("only %d paths in the table", len(listed))
	}
	for _, w := range writers {
		n := hosttest.New(t, w.node...)
		lines := []string{"setup " + w.setup, "setup --boot", "teardown"}
		if w.name == "grown" {
			lines = []string{"setup --size 64Mi", "setup " + w.setup, "teardown"}
		}
		for _, line := range lines {
			if _, errs, code := clitest.Run(n, strings.Fields(line)...); code != fail.OK {
				t.Errorf("%s: %s: exit code %d\n%s", w.name, line, code, errs)
			}
		}
		made := map[string]bool{} // directories
		for _, op := range n.Ops() {
			made[op.Path] = made[op.Path] || op.Name == "mkdir"
			for _, name := range []string{op.Path, op.To} {
				if place, ok := placeOf(op.Name, name); ok && !made[name] {
					if _, known := listed[place]; !known {
						t.Errorf("%s: %s: docs/security.md does not list %s", w.name, op, place)
					}
					listed[place] = true
				}
			}
		}
	}
	for place, written := range listed {
		if !written {
			t.Errorf("docs/security.md lists %s, which no run writes", place)
		}
	}
}

// placeOf is the place that an operation is about, under the name that it has in
// the end. The kernel's own objects and units are none.
func placeOf(op, name string) (string, bool) {
	switch op {
	case "create", "truncate", "write", "symlink", "remove", "rename", "fallocate":
	default:
		return "", false
	}
	if !strings.HasPrefix(name, "/") || strings.HasPrefix(name, "/dev/") {
		return "", false
	}
	base := path.Base(name)
	if inner, ok := strings.CutPrefix(base, "."); ok {
		inner = strings.TrimSuffix(strings.TrimSuffix(inner, ".swapctl"), ".bridge")
		base = strings.TrimPrefix(inner, ".")
	}
	return path.Join(path.Dir(name), base), true
}

const layersBegin, layersEnd = "<!-- layers: go test ./docs -update -->", "<!-- /layers -->"

// importsOf reads which packages of ours each package imports, from its source. A
// package below another one counts as part of it, and those for tests not at all.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	add := func(dir string) {
		p, err := build.ImportDir(filepath.Join("..", dir), 0)
		if _, none := errors.AsType[*build.NoGoError](err); none || strings.HasSuffix(dir, "test") {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		name := topPackage(dir)
		list := imports[name]
		for _, i := range p.Imports {
			ours, ok := strings.CutPrefix(i, "github.com/swapctl/swapctl/")
			if top := topPackage(ours); ok && top != name && !slices.Contains(list, top) {
				list = append(list, top)
			}
		}
		slices.Sort(list)
		imports[name] = list
	}
	for _, root := range []string{"cmd/swapctl", "internal"} {
		err := filepath.WalkDir("../"+root, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() != "testdata" {
				add(strings.TrimPrefix(name, "../"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return imports
}

// topPackage is the package that a package belongs to: internal/cli of internal/cli/plan.
func topPackage(dir string) string {
	words := strings.Split(dir, "/")
	return strings.Join(words[:min(2, len(words))], "/")
}

// TestTheListOfPackagesIsTrue: docs/architecture.md describes every package, and
// says what each imports; -update writes that.
func TestTheListOfPackagesIsTrue(t *testing.T) {
	const name = "architecture.md"
	text, imports := goldentest.Read(t, name), importsOf(t)
	for p := range imports {
		if !strings.Contains(text, "\n| `"+p+"` |") {
			t.Errorf("%s is not in the table", p)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:internal|cmd)/\\w+)` \\|").FindAllStringSubmatch(text, -1) {
		if _, ok := imports[m[1]]; !ok {
			t.Errorf("the table has %s, which is not a package", m[1])
		}
	}
	goldentest.Compare(t, name, goldentest.Between(t, text, layersBegin, layersEnd, layersTable(imports)))
}

// layersAndImports finds the layer of each package, 0 for those that import nothing,
// and what it imports, without what it also reaches through another import.
func layersAndImports(imports map[string][]string) (depth map[string]int, direct map[string][]string) {
	depth, direct = map[string]int{}, map[string][]string{}
	all := map[string][]string{}
	var see func(p string) int
	see = func(p string) int {
		if d, ok := depth[p]; ok {
			return d
		}
		d := 0
		for _, b := range imports[p] {
			d = max(d, see(b)+1)
			all[p] = append(append(all[p], b), all[b]...)
		}
		depth[p] = d
		return d
	}
	for p := range imports {
		see(p)
	}
	for p := range imports {
		for _, i := range imports[p] {
			if !slices.ContainsFunc(imports[p], func(other string) bool { return slices.Contains(all[other], i) }) {
				direct[p] = append(direct[p], i)
			}
		}
	}
	return depth, direct
}

// layersTable lists what each package imports: only packages of lower layers.
func layersTable(imports map[string][]string) string {
	depth, direct := layersAndImports(imports)
	names := slices.Collect(maps.Keys(imports))
	slices.SortFunc(names, func(a, b string) int {
		if depth[a] != depth[b] {
			return depth[b] - depth[a]
		}
		return strings.Compare(a, b)
	})
	var b strings.Builder
	b.WriteString("```text\nlayer  package              imports\n")
	for _, p := range names {
		var on []string
		for _, i := range direct[p] {
			on = append(on, path.Base(i))
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%5d  %-19s  %s", depth[p], p, strings.Join(on, " ")), " ") + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}

// TestLinksInTheDocsLeadSomewhere follows the links of every page to files and
// headings.
func TestLinksInTheDocsLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, file := range markdownFiles(t) {
		for _, m := range link.FindAllStringSubmatch(withoutCode(goldentest.Read(t, file)), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			checked++
			to := file
			if target != "" {
				to = filepath.Join(filepath.Dir(file), target)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s: there is no such file", file, m[1])
			} else if anchor != "" && !slices.Contains(anchors(goldentest.Read(t, to)), anchor) {
				t.Errorf("%s: %s: there is no such heading", file, m[1])
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d links", checked)
	}
}

func markdownFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../*.md", "*.md", "commands/*.md", "../examples/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

// withoutCode drops the blocks of code, in which brackets are no links.
func withoutCode(text string) string {
	var b strings.Builder
	code := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			code = !code
		} else if !code {
			b.WriteString(line)
		}
	}
	return b.String()
}

// anchors are the headings of a page as GitHub names them.
func anchors(text string) []string {
	var all []string
	for line := range strings.Lines(withoutCode(text)) {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !ok || !strings.HasPrefix(line, "#") {
			continue
		}
		title = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
		all = append(all, strings.ReplaceAll(title, " ", "-"))
	}
	return all
}

// TestWhatRootTrustsIsShownByTests: each line of that table of docs/security.md
// names a test that there is.
func TestWhatRootTrustsIsShownByTests(t *testing.T) {
	_, table, _ := strings.Cut(goldentest.Read(t, "security.md"), "## What root trusts")
	table, _, _ = strings.Cut(table, "\n## ")
	var source strings.Builder
	for _, pattern := range []string{"../cmd/*/*_test.go", "../internal/*/*_test.go", "../internal/*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			source.WriteString(goldentest.Read(t, name))
		}
	}
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") {
			continue
		}
		rows++
		cells := strings.Split(strings.TrimSpace(line), "|")
		name := strings.Trim(cells[len(cells)-2], " `")
		if !strings.HasPrefix(name, "Test") || !strings.Contains(source.String(), "func "+name+"(") {
			t.Errorf("there is no test %q: %s", name, line)
		}
	}
	if rows < 15 {
		t.Errorf("%d rows", rows)
	}
}
