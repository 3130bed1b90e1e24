package fail

import "strings"

// Nearest is the known word that a mistyped one probably means: it differs in
// case, or in at most two letters or a third of them; "" if none is so near. Of
// several the first is returned.
func Nearest(typed string, words []string) string {
	if len(typed) > 100 {
		return "" // no word is so long, and to compare a megabyte takes seconds
	}
	best, bestDistance := "", max(2, len(typed)/3)+1
	for _, word := range words {
		if d := distance(strings.ToLower(typed), strings.ToLower(word)); d < bestDistance && d < len(word) {
			best, bestDistance = word, d
		}
	}
	return best
}

// Beginning lists the words that begin with what was typed, if that is at least two
// letters.
func Beginning(typed string, words []string) []string {
	var found []string
	for _, word := range words {
		if len(typed) > 1 && strings.HasPrefix(word, strings.ToLower(typed)) {
			found = append(found, word)
		}
	}
	return found
}

// distance is how many letters must be added, taken away or changed to make b of a
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
