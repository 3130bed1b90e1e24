package check

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/check"
)

// CompleteIDs offers the next of a list of checks.
func CompleteIDs(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndex(typed, ",")+1]
	named := strings.Split(before, ",")
	var words []cobra.Completion
	for _, g := range check.InGroups() {
		if !slices.Contains(named, g.ID) {
			words = append(words, cobra.CompletionWithDesc(before+g.ID, "group: "+g.Title))
		}
	}
	for _, c := range check.Catalogue() {
		if !slices.Contains(named, c.ID) {
			words = append(words, cobra.CompletionWithDesc(before+c.ID, c.Title))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
}
