package bytesize

import (
	"fmt"
	"regexp"
	"strings"
)

// sloppy is a size as people type it who do not think of quantities: 4gb, 4 GB, 4g.
const sloppy = `^(\d{1,12}(?:\.\d{1,3})?)([kmgtpe])(i?)(?:b|bytes?)?$`

// Meant says which size was probably meant by a text that Parse refuses, with its bytes;
// "" when nobody can tell. Without an i it may be a power of 1024 or of 1000.
func Meant(text string) string {
	if len(text) > maxLength {
		return ""
	}
	squeezed := strings.ToLower(strings.Join(strings.Fields(text), ""))
	parts := regexp.MustCompile(sloppy).FindStringSubmatch(squeezed)
	if parts == nil {
		return ""
	}
	number, unit := parts[1], strings.ToUpper(parts[2])
	guesses := []string{number + unit + "i"}
	if parts[3] == "" {
		if unit == "K" {
			unit = "k" // the decimal one has a small letter
		}
		guesses = append(guesses, number+unit)
	}
	var told []string
	for _, guess := range guesses {
		if bytes, err := Parse(guess); err == nil {
			told = append(told, fmt.Sprintf("%s (%d bytes)", guess, bytes))
		}
	}
	return strings.Join(told, ", or ")
}

// Hint says how to give a flag the size that was meant by a text that Parse refuses;
// otherwise, when that is anybody's guess.
func Hint(flag, text, otherwise string) string {
	if meant := Meant(text); meant != "" {
		return "did you mean " + flag + " " + meant + "?"
	}
	return otherwise
}
