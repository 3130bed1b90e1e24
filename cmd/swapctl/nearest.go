package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/fail"
)

// nearest returns the word that was probably meant: the first of words at most
// two letters away from typed, and "" when there is none.
func nearest(typed string, words []string) string {
	best, bestDistance := "", 3
	for _, word := range words {
		if d := fail.Distance(typed, word); d < bestDistance && d < len(word) {
			best, bestDistance = word, d
		}
	}
	return best
}

// flagNames lists every flag that cmd understands.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}
