package root_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/goldentest"
)

// untyped are hints with commands that no test types in their situation, by the beginning
// of their text. None may be added: a new hint gets a row in the catalogue.
var untyped = []string{
	"on any machine: swapctl plan", // printed where there is no Linux
	"switch it off first: swapoff %s",
	"a mapping has the name, or swapctl's UUID for it: dmsetup",
	"the file cannot be written to: findmnt -T %s",
	"see who uses it: lsblk %s",
	"report it with this text and what 'swapctl version' says",
	"see what it is: ls -lL %s",
	"findmnt /proc",
	"standard input waits for whoever writes: kubectl",
	"or take it back first: swapctl teardown",
	"see what it is: ls -l %s",
	"see what is mounted over it: findmnt %s",
	"cat /proc/meminfo /proc/sys/vm/overcommit_memory",
	"see what: findmnt -T %s; unmount that",
	"cat /proc/self/mountinfo",
	"see how the node stands: swapctl status",
	"see whether /proc is mounted: findmnt /proc",
	"systemctl status %s",
	"see what it is: ls -l /etc/fstab /etc/crypttab",
	"see what the kernel allows: sysctl vm.%s",
	"something that starts with it undoes this",
	"see 'swapon --show'; 'swapoff %s' ends that",
	"'lsblk %s' shows what uses it",
	"rm %s",
}

// TestNoHintIsUntyped holds the hints in the source against those that the catalogue, the
// scripts and the captured nodes of check print.
func TestNoHintIsUntyped(t *testing.T) {
	var printed strings.Builder
	for _, pattern := range []string{"testdata/catalogue/*.golden", "testdata/script/*.txtar", "../check/testdata/check/*.txtar"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range names {
			printed.WriteString(goldentest.Read(t, name))
		}
	}
	used := map[string]bool{}
	for at, hint := range hintsInSource(t) {
		isOf := func(begin string) bool { return strings.HasPrefix(hint, begin) }
		i := slices.IndexFunc(untyped, isOf)
		switch typed := asPattern(hint).MatchString(printed.String()); {
		case !typed && i < 0:
			t.Errorf("%s: no test types the hint %q", at, hint)
		case i >= 0:
			used[untyped[i]] = !typed
		}
	}
	for _, begin := range untyped {
		if !used[begin] {
			t.Errorf("the hint %q is typed by now, or gone", begin)
		}
	}
}

// verb is one of a format, or what is not a constant in a sum of texts.
var verb = regexp.MustCompile(`%[+#]?[a-z]`)

func asPattern(hint string) *regexp.Regexp {
	var parts []string
	for _, part := range verb.Split(hint, -1) {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile(strings.Join(parts, ".*"))
}

// hintsInSource are the texts of hints that have a command, by file and line.
func hintsInSource(t *testing.T) map[string]string {
	t.Helper()
	hints := map[string]string{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			for _, text := range hintTexts(node) {
				if s := constant(text); len(commandsIn(s)) > 0 {
					hints[files.Position(text.Pos()).String()] = s
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(hints) < 50 {
		t.Fatalf("%d hints, %v", len(hints), err)
	}
	return hints
}

// hintTexts are the arguments of a call that are hints.
func hintTexts(node ast.Node) []ast.Expr {
	call, ok := node.(*ast.CallExpr)
	if !ok {
		return nil
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	of, _ := fun.X.(*ast.Ident)
	first := map[string]int{"fail.New": 3, "cli.Usage": 2, "config.Invalid": 1}
	switch n, known := first[nameOf(of)+"."+fun.Sel.Name]; {
	case fun.Sel.Name == "Hint" && len(call.Args) > 0:
		return call.Args[:1]
	case known && fun.Sel.Name == "Invalid" && len(call.Args) > n:
		return call.Args[n : n+1]
	case known && len(call.Args) > n:
		return call.Args[n:]
	}
	return nil
}

func nameOf(id *ast.Ident) string {
	if id == nil {
		return ""
	}
	return id.Name
}

// constant is a text, with %s for what is not one.
func constant(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return s
		}
	case *ast.BinaryExpr:
		return constant(e.X) + constant(e.Y)
	case *ast.ParenExpr:
		return constant(e.X)
	}
	return "%s"
}
