package help

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/report"
)

// writer wraps help to a width.
type writer struct {
	text strings.Builder
	room int // columns
}

func (w *writer) title(title string) {
	w.text.WriteString("\n" + heading(title) + "\n")
}

// line writes prose, wrapped if needed.
func (w *writer) line(text string) {
	w.text.WriteString(report.Wrap(text, w.room) + "\n")
}

// indented writes the text below a title.
func (w *writer) indented(text string) { w.line("  " + text) }

// paragraphs wraps prose to the width; indented lines stay as they are.
func (w *writer) paragraphs(text string) {
	var prose []string
	end := func() {
		if len(prose) > 0 {
			w.line(strings.Join(prose, " "))
			prose = nil
		}
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if line != "" && !strings.HasPrefix(line, "  ") {
			prose = append(prose, line)
			continue
		}
		end()
		w.line(line)
	}
	end()
}

func (w *writer) examples(text string) {
	if text == "" {
		return
	}
	w.title("Examples")
	for line := range strings.SplitSeq(text, "\n") {
		if comment, ok := strings.CutPrefix(line, "  # "); ok {
			wrapped := report.Wrap(comment, w.room-len("  # "))
			w.text.WriteString("  # " + strings.ReplaceAll(wrapped, "\n", "\n  # ") + "\n")
			continue
		}
		w.text.WriteString(BreakCommand(line, w.room) + "\n")
	}
}

// BreakCommand breaks a long command: a shell continues after a backslash, but
// not inside of quotes. A flag and its value stay on one line if possible.
func BreakCommand(line string, room int) string {
	const indent = "      "
	var b strings.Builder
	column := 0
	put := func(text string) {
		if b.Len() > 0 && column+1+len(text)+len(" \\") > room && column > len(indent) {
			b.WriteString(" \\\n" + indent + text)
			column = len(indent) + len(text)
			return
		}
		if b.Len() > 0 {
			text = " " + text
		}
		b.WriteString(text)
		column += len(text)
	}
	if len(line) <= room {
		return line
	}
	for _, unit := range commandUnits(strings.TrimPrefix(line, "  ")) {
		if b.Len() == 0 {
			unit[0] = "  " + unit[0]
		}
		if whole := strings.Join(unit, " "); len(indent)+len(whole)+len(" \\") <= room {
			put(whole)
			continue
		}
		first := 1
		if unit[0] == "|" || unit[0] == ">" {
			first = min(2, len(unit))
		}
		put(strings.Join(unit[:first], " "))
		for _, word := range unit[first:] {
			put(word)
		}
	}
	return b.String()
}

// commandUnits splits a command into words that belong together: those up to
// the first flag, each flag with its value, each program of a pipe.
func commandUnits(line string) [][]string {
	var units [][]string
	begun := "" // a word that has an open quote
	for word := range strings.SplitSeq(line, " ") {
		if begun != "" {
			word = begun + " " + word
		}
		if begun = ""; strings.Count(word, "'")%2 == 1 {
			begun = word
			continue
		}
		if len(units) == 0 || strings.HasPrefix(word, "-") && word != "-" || word == "|" || word == ">" {
			units = append(units, nil)
		}
		last := len(units) - 1
		units[last] = append(units[last], word)
	}
	return units
}

// commands lists commands with their descriptions.
func (w *writer) commands(title string, list []*cobra.Command) {
	if len(list) == 0 {
		return
	}
	w.title(title)
	columns := 0
	for _, c := range list {
		columns = max(columns, len(c.Name()))
	}
	for _, c := range list {
		w.pair(c.Name(), c.Short, columns)
	}
}

// Longer synopses than this have their description below them, and so have all
// on a narrow terminal.
const synopsisMost = 26

func (w *writer) flags(g Group) {
	w.title(g.Title)
	for _, f := range g.Flags {
		synopsis := f.Synopsis()
		if f.short == "" {
			synopsis = "    " + synopsis
		}
		w.pair(synopsis, f.Told(), synopsisMost)
	}
}

// pair writes a word and its description, beside it or below it.
func (w *writer) pair(word, meaning string, columns int) {
	const least = 30 // columns for the meaning
	switch {
	case w.room-columns-len("    ") < least:
		w.indented(strings.TrimSpace(word))
		w.line("    " + meaning)
	case len(word) > columns:
		w.text.WriteString("  " + word + "\n")
		w.line(strings.Repeat(" ", columns+len("    ")) + meaning)
	default:
		w.line("  " + word + strings.Repeat(" ", columns-len(word)+2) + meaning)
	}
}

// seeAlso names related commands and where there is more to read.
func (w *writer) seeAlso(docs string, cmd *cobra.Command) {
	notes := NotesOf(pathOf(cmd))
	w.title("See also")
	var also []*cobra.Command
	columns := 0
	for _, name := range notes.Also {
		if other, _, err := cmd.Root().Find(strings.Fields(name)[1:]); err == nil {
			also = append(also, other)
			columns = max(columns, len(other.CommandPath()))
		}
	}
	for _, other := range also {
		w.pair(other.CommandPath(), other.Short, columns)
	}
	w.indented("man " + strings.ReplaceAll(pathOf(cmd), " ", "-"))
	w.indented(docs + notes.Page)
}
