package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/cli/help"
	"github.com/swapctl/swapctl/internal/goldentest"
)

// TestCommandPagesAreCurrent holds docs/commands against the commands and flags
// that there are; -update writes the pages.
func TestCommandPagesAreCurrent(t *testing.T) {
	pages := commandPages()
	if len(pages) < 9 {
		t.Fatalf("only %d commands", len(pages))
	}
	want := map[string]string{}
	var index strings.Builder
	index.WriteString("# Commands\n\nWhat `--help` prints, one page for each command.\n\n| command | |\n|---|---|\n")
	short := map[string]string{}
	for _, p := range pages {
		short[p.path] = p.short
	}
	for _, p := range pages {
		fmt.Fprintf(&index, "| [`%s`](%s) | %s |\n", p.path, markdownName(p.path), p.short)
		want[markdownName(p.path)] = p.markdown(t, short)
	}
	index.WriteString("\n[Configuration](../configuration.md) · [Errors and exit codes](../errors.md)\n")
	want["README.md"] = index.String()
	goldentest.CompareTree(t, "commands", want)
}

func markdownName(path string) string { return strings.ReplaceAll(path, " ", "_") + ".md" }

func (p commandPage) markdown(t *testing.T, short map[string]string) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n```text\n%s\n```\n", p.path, p.short, p.usage)
	for _, part := range parts(p.long) {
		if part.indented {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.Join(part.lines, "\n"))
		} else {
			fmt.Fprintf(&b, "\n%s\n", escapeMarkdown(strings.Join(part.lines, "\n")))
		}
	}
	if p.example != "" {
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", strings.TrimSuffix(p.example, "\n"))
	}
	b.WriteString("\n## Flags\n")
	for _, g := range p.groups {
		flagTable(&b, g.Title, g.Flags)
	}
	b.WriteString("\n## See also\n\n")
	for _, other := range p.related() {
		fmt.Fprintf(&b, "- [%s](%s): %s\n", other, markdownName(other), short[other])
	}
	fmt.Fprintf(&b, "- [%s](../%s)\n- [All commands](README.md)\n", pageTitle(t, p.page), p.page)
	return b.String()
}

// pageTitle is the title of a page of docs/.
func pageTitle(t *testing.T, page string) string {
	t.Helper()
	title, _, _ := strings.Cut(goldentest.Read(t, page), "\n")
	return strings.TrimPrefix(title, "# ")
}

func flagTable(b *strings.Builder, title string, flags []help.Flag) {
	fmt.Fprintf(b, "\n### %s\n\n| flag | default | |\n|---|---|---|\n", title)
	for _, f := range flags {
		def := ""
		if f.Def != "" {
			def = "`" + f.Def + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", strings.ReplaceAll(f.Synopsis(), "|", `\|`), def, escapeMarkdown(f.Usage))
	}
}

// escapeMarkdown keeps what a help text says from being taken for markup.
func escapeMarkdown(text string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "|", `\|`, "<", `\<`).Replace(text)
}
