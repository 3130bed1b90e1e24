package systemd

import "strings"

// Setting is one line of a unit file.
type Setting struct {
	Section, Name, Value string

	File string // "" if only a text was parsed
	Line int    // from 1; of several lines that were joined, the last
}

// Parse parses a unit file (systemd.syntax(7)): a backslash at the end of a
// line joins it and the next one with a blank; comments in between are left
// out.
func Parse(text string) []Setting {
	var settings []Setting
	section, pending, number := "", "", 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue
		}
		if before, joined := strings.CutSuffix(line, `\`); joined {
			pending += before + " "
			continue
		}
		whole := strings.TrimSpace(pending + line)
		pending = ""
		if name, ok := strings.CutPrefix(whole, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		if name, value, ok := strings.Cut(whole, "="); ok {
			settings = append(settings, Setting{Section: section, Name: strings.TrimSpace(name), Value: strings.TrimSpace(value), Line: number})
		}
	}
	return settings
}

// SplitWords splits a value into words as systemd does: at blanks that are not
// quoted. A backslash escapes the next character.
func SplitWords(text string) []string {
	var words []string
	var word strings.Builder
	quote, within := byte(0), false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			word.WriteString(unescape(text[i]))
			within = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, within = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if within {
				words = append(words, word.String())
				word.Reset()
				within = false
			}
		default:
			word.WriteByte(c)
			within = true
		}
	}
	if within {
		words = append(words, word.String())
	}
	return words
}

func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 's':
		return " "
	case '\\', '"', '\'', ' ':
		return string(c)
	}
	return `\` + string(c)
}

// Unpercent undoes the escaping of %. It does not expand specifiers: the
// command line of a kubelet has none.
func Unpercent(text string) string { return strings.ReplaceAll(text, "%%", "%") }

// Quoted returns a text in quotes, which SplitWords reads as one word.
func Quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// Word formats a path as one word of a setting (systemd.syntax(7),
// systemd.unit(5) "Specifiers"): with % doubled, and in quotes if it contains
// blanks or quotes.
func Word(name string) string {
	name = strings.ReplaceAll(name, "%", "%%")
	if strings.ContainsAny(name, " \t\"'\\;") {
		return Quoted(name)
	}
	return name
}

// CommandLine returns the command line that systemd runs for an ExecStart=,
// with these environment variables (systemd.service(5), "Command Lines").
func CommandLine(exec string, env map[string]string) []string {
	var argv []string
	for _, word := range SplitWords(strings.TrimLeft(exec, "@-:+!|")) {
		if word == ";" {
			break
		}
		if name, ok := Variable(word); ok {
			argv = append(argv, SplitWords(env[name])...)
			continue
		}
		argv = append(argv, Expand(Unpercent(word), env))
	}
	if strings.HasPrefix(exec, "@") && len(argv) > 1 { // the second word is argv[0]
		argv = append(argv[:1], argv[2:]...)
	}
	return argv
}

// Variable returns the name in a word that is only $NAME: its value is split
// into words.
func Variable(word string) (string, bool) {
	name, ok := strings.CutPrefix(word, "$")
	if !ok || name == "" || strings.HasPrefix(name, "{") || strings.HasPrefix(name, "$") {
		return "", false
	}
	return name, !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Expand replaces ${NAME} with its value, and $$ with $.
func Expand(word string, env map[string]string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(word, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		switch {
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			word = rest[1:]
		case strings.HasPrefix(rest, "{") && strings.Contains(rest, "}"):
			name, after, _ := strings.Cut(rest[1:], "}")
			b.WriteString(env[name])
			word = after
		default:
			b.WriteByte('$')
			word = rest
		}
	}
}

// ParseEnvironment parses a file of EnvironmentFile= (systemd.exec(5)).
func ParseEnvironment(text string) map[string]string {
	env := map[string]string{}
	pending := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if pending == "" && (trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';') {
			continue
		}
		if before, joined := strings.CutSuffix(line, `\`); joined {
			pending += before
			continue
		}
		name, value, ok := strings.Cut(pending+line, "=")
		pending = ""
		if ok {
			env[strings.TrimSpace(name)] = unquote(strings.TrimSpace(value))
		}
	}
	return env
}

// unquote parses a value in an environment file: it removes quotes, and keeps
// blanks outside of them.
func unquote(value string) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(value):
			i++
			b.WriteByte(value[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
