package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/fail"
)

// flagNames lists every flag that cmd understands.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}

// flagHint guesses which flag was meant by one that does not exist: the nearest
// one, one with a dash too few, or one of another command.
func flagHint(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	name := unknown.GetSpecifiedName()
	if together := unknown.GetSpecifiedShortnames(); len(together) > 1 { // -size
		name, _, _ = strings.Cut(together, "=")
	}
	if len(name) < 2 {
		return ""
	}
	names := flagNames(cmd)
	if slices.Contains(names, name) {
		return fmt.Sprintf("did you mean --%s?", name)
	}
	if near := fail.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean --%s?", near)
	}
	for _, other := range cmd.Root().Commands() {
		if other != cmd && other.Flags().Lookup(name) != nil {
			return fmt.Sprintf("'%s' has a flag --%s", other.CommandPath(), name)
		}
	}
	return ""
}
