package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest returns the word that was probably meant: the first of words at most
// two letters away from typed, and "" when there is none.
func nearest(typed string, words []string) string {
	best, bestDistance := "", 3
	for _, word := range words {
		if d := distance(typed, word); d < bestDistance && d < len(word) {
			best, bestDistance = word, d
		}
	}
	return best
}

// distance is how many letters must be added, taken away or changed to make b
// of a (Levenshtein).
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

// flagNames lists every flag that cmd understands.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}
