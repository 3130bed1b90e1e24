package root

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/cli"
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
		for _, other := range cmd.Root().Commands() {
			if f := other.Flags().ShorthandLookup(name); f != nil {
				return fmt.Sprintf("'%s' has a flag -%s, --%s, which comes after its name", other.CommandPath(), name, f.Name)
			}
		}
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

// badFlag is the error of a flag that pflag refuses, with the flag that was probably
// meant.
func badFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		for _, c := range cmd.Root().Commands() {
			if name == c.Name() { // --version
				return cli.Usage(cmd, err, fmt.Sprintf("did you mean '%s'?", c.CommandPath()))
			}
		}
		if hint := flagHint(cmd, unknown); hint != "" {
			return cli.Usage(cmd, err, hint)
		}
	case errors.As(err, &invalid):
		flag, value := invalid.GetFlag(), invalid.GetValue()
		switch flag.Value.Type() {
		case "bool":
			err = fmt.Errorf("--%s: %q is not true or false", flag.Name, value)
		case "int":
			err = fmt.Errorf("--%s: %q is not a whole number", flag.Name, value)
		case "float64":
			err = fmt.Errorf("--%s: %q is not a number", flag.Name, value)
		default:
			if choice, ok := flag.Value.(interface{ Words() []string }); ok {
				return cli.BadChoice(cmd, flag.Name, value, choice.Words())
			}
			err = fmt.Errorf("--%s: %w", flag.Name, invalid.Unwrap())
		}
	}
	return cli.Usage(cmd, err)
}
