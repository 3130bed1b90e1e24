// Package termsvg draws the terminal output of a program as an SVG picture, in
// the colours of the reader's theme, light or dark. The test in docs that makes
// docs/pictures uses it.
package termsvg

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Sizes in units of the picture.
const (
	cellWidth  = 8.4
	lineHeight = 19
	margin     = 16
	bar        = 28 // the bar at the top
)

// run is text in one style.
type run struct {
	column int
	style  string
	text   string
}

// Draw returns a picture of lines of text. Escape sequences of the type "Select
// Graphic Rendition" (ECMA-48) set bold, faint, red, green and magenta; all
// others are errors. The description is the alternative text for screen
// readers.
func Draw(description, text string) (string, error) {
	var body strings.Builder
	style, columns, lines := "", 0, 0
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		runs, width, err := parse(strings.TrimSuffix(line, "\n"), &style)
		if err != nil {
			return "", fmt.Errorf("line %d: %w", lines+1, err)
		}
		lines++
		columns = max(columns, width)
		y := bar + margin + lines*lineHeight - 5
		for _, r := range runs {
			n := utf8.RuneCountInString(r.text)
			fmt.Fprintf(&body, `<text x="%.1f" y="%d" textLength="%.1f"%s>%s</text>`+"\n",
				margin+float64(r.column)*cellWidth, y, float64(n)*cellWidth, class(r.style), escape(r.text))
		}
	}
	width, height := 2*margin+int(float64(columns)*cellWidth)+1, bar+2*margin+lines*lineHeight
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%[3]s">
<style>
text { font: 14px ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee9; white-space: pre }
.bold { font-weight: bold } .faint { fill: #8b93a3 } .red { fill: #f0717a } .green { fill: #9ccf7f } .magenta { fill: #d39bd8 } .screen { fill: #1f2430 }
@media (prefers-color-scheme: light) {
text { fill: #1f2328 } .faint { fill: #656d76 } .red { fill: #cf222e } .green { fill: #1a7f37 } .magenta { fill: #8250df } .screen { fill: #f3f5f8 }
}
</style>
<rect class="screen" width="%[1]d" height="%[2]d" rx="8"/>
<circle cx="18" cy="18" r="5" fill="#f0717a"/><circle cx="36" cy="18" r="5" fill="#f0c674"/><circle cx="54" cy="18" r="5" fill="#9ccf7f"/>
%[4]s</svg>
`, width, height, escape(description), body.String()), nil
}

// parse splits a line where its style changes. Blanks alone are left out.
func parse(line string, style *string) (runs []run, column int, err error) {
	for line != "" {
		text, rest, found := strings.Cut(line, "\x1b[")
		if trimmed := strings.TrimLeft(text, " "); trimmed != "" {
			runs = append(runs, run{column + len(text) - len(trimmed), *style, strings.TrimRight(trimmed, " ")})
		}
		column += utf8.RuneCountInString(text)
		if !found {
			break
		}
		code, after, ok := strings.Cut(rest, "m")
		if !ok {
			return nil, 0, fmt.Errorf("an escape sequence that does not end: %q", rest)
		}
		switch code {
		case "", "0":
			*style = ""
		case "1":
			*style = "bold"
		case "2":
			*style = "faint"
		case "31":
			*style = "red"
		case "32":
			*style = "green"
		case "35":
			*style = "magenta"
		default:
			return nil, 0, fmt.Errorf("an escape sequence that is not known: %q", code)
		}
		line = after
	}
	return runs, column, nil
}

func class(style string) string {
	if style == "" {
		return ""
	}
	return ` class="` + style + `"`
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder never returns an error
	return b.String()
}
