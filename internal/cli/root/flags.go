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

// flagNames lists every flag that cmd accepts.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return names
}

// flagHint guesses which flag was meant by one that does not exist: one that is called
// otherwise elsewhere, one with a dash too few, its beginning, the nearest one, or one
// of another command.
func flagHint(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	name := unknown.GetSpecifiedName()
	if together := unknown.GetSpecifiedShortnames(); len(together) > 1 { // -size
		name, _, _ = strings.Cut(together, "=")
	}
	if meant := elsewhere(cmd, name); meant != "" {
		return meant
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
	if begin := fail.Beginning(name, names); len(begin) == 1 || len(begin) > 1 && fail.Nearest(name, names) == "" {
		return fmt.Sprintf("did you mean --%s?", strings.Join(begin, ", or --"))
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

// elsewhere is the hint for a flag that other programs have: kubectl's -f and -A, a flag
// for each format, what swapon, mkswap and fallocate call the same thing.
func elsewhere(cmd *cobra.Command, name string) string {
	if output, ok := cmd.Flag("output").Value.(interface{ Words() []string }); ok && slices.Contains(output.Words(), name) {
		return "did you mean --output " + name + "?"
	}
	if cmd.Name() == "lint" && slices.Contains([]string{"f", "file", "filename"}, name) {
		return "files have no flag: " + cmd.CommandPath() + " FILE"
	}
	for _, one := range []struct{ names, flag, hint string }{
		{"f file filename", "merge", "a file to add to has a flag: --merge FILE"},
		{"f file filename", "pods", "a file with pods has a flag: --pods FILE"},
		{"f file filename", "config", "a configuration file has a flag: --config FILE"},
		{"A all-namespaces n", "pods", "swapctl asks no API server: kubectl get pods -A -o json | swapctl plan --pods -"},
		{"s l length swap-size", "size", "did you mean --size?"},
		{"p prio", "priority", "did you mean --priority?"},
		{"d", "discard", "did you mean --discard?"},
		{"y yes assume-yes no-confirm", "dry-run", "leave it out: swapctl asks nothing; --dry-run shows before what would be done"},
		{"n simulate what-if check", "dry-run", "did you mean --dry-run?"},
		{"no-encrypt no-encryption plain unencrypted", "encrypt", "did you mean --encrypt=false?"},
		{"a", "dry-run", "leave it out: swapctl changes only what it has set up itself"},
	} {
		if slices.Contains(strings.Fields(one.names), name) && cmd.Flag(one.flag) != nil {
			return one.hint
		}
	}
	return ""
}

// badFlag is the error of a flag that pflag refuses, with a suggestion.
func badFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var bare *pflag.ValueRequiredError
	switch {
	case errors.As(err, &bare):
		value, _ := pflag.UnquoteUsage(bare.GetFlag())
		return cli.Usage(cmd, err, fmt.Sprintf("its value follows it: --%s %s", bare.GetFlag().Name, strings.ToUpper(value)))
	case errors.As(err, &unknown):
		if words := cmd.Flags().Args(); len(words) > 0 && !cmd.HasParent() { // resize --size 8Gi
			return cli.UnknownCommand(cmd, words[0])
		}
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
