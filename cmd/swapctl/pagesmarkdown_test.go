package main

import (
	"fmt"
	"strings"
	"testing"
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
		want[markdownName(p.path)] = p.markdown(short)
	}
	index.WriteString("\n[Configuration](../configuration.md) · [Errors and exit codes](../errors.md)\n")
	want["README.md"] = index.String()
	compareTree(t, "../../docs/commands", want)
}

func markdownName(path string) string { return strings.ReplaceAll(path, " ", "_") + ".md" }

func (p commandPage) markdown(short map[string]string) string {
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
	flagTable(&b, "Flags", p.flags)
	flagTable(&b, "Global flags", p.globals)
	b.WriteString("\n## See also\n\n")
	for _, other := range append([]string{p.above}, p.below...) {
		if other != "" {
			fmt.Fprintf(&b, "- [%s](%s): %s\n", other, markdownName(other), short[other])
		}
	}
	b.WriteString("- [All commands](README.md)\n")
	return b.String()
}

func flagTable(b *strings.Builder, title string, flags []pageFlag) {
	if len(flags) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| flag | default | |\n|---|---|---|\n", title)
	for _, f := range flags {
		def := ""
		if f.def != "" {
			def = "`" + f.def + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.synopsis(), def, escapeMarkdown(f.usage))
	}
}

// escapeMarkdown keeps what a help text says from being taken for markup.
func escapeMarkdown(text string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "|", `\|`, "<", `\<`).Replace(text)
}
