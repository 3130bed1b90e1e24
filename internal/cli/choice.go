package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/fail"
)

// Choice adds a flag that takes one of a few words, which completion offers
// too. The default may be another value.
func Choice(f *pflag.FlagSet, value *string, name, byDefault, usage string, words ...string) {
	ChoiceP(f, value, name, "", byDefault, usage, words...)
}

// ChoiceP is Choice of a flag that also has one letter.
func ChoiceP(f *pflag.FlagSet, value *string, name, letter, byDefault, usage string, words ...string) {
	*value = byDefault
	f.VarP(&choice{value, words}, name, letter, usage)
}

type choice struct {
	value *string
	words []string
}

// String implements pflag.Value.
func (c *choice) String() string {
	if c.value == nil { // pflag makes an empty value to decide whether to show a default
		return ""
	}
	return *c.value
}

// Type implements pflag.Value.
func (c *choice) Type() string { return "string" }

// Set implements pflag.Value.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return errors.New("it is not one of " + strings.Join(c.words, ", ")) // BadChoice says it
	}
	*c.value = word
	return nil
}

// Words lists the words that Set accepts.
func (c *choice) Words() []string { return c.words }

// wordsOf is the annotation of a flag that takes one of a few words, but is refused by
// whoever reads it.
const wordsOf = "words"

// OneOf says that flags take one of a few words, which may have a tab and what they mean
// behind them. Help and completion show them.
func OneOf(f *pflag.FlagSet, name string, words ...string) {
	_ = f.SetAnnotation(name, wordsOf, words) // fails only if the flag does not exist
}

// Described lists the words that a flag takes, with what they mean; nil if there are
// more than a few.
func Described(f *pflag.Flag) []string {
	if choice, ok := f.Value.(interface{ Words() []string }); ok {
		return choice.Words()
	}
	return f.Annotations[wordsOf]
}

// Words lists the words that a flag takes.
func Words(f *pflag.Flag) []string {
	var words []string
	for _, one := range Described(f) {
		word, _, _ := strings.Cut(one, "\t")
		words = append(words, word)
	}
	return words
}

// BadChoice is the error of a flag that takes one of a few words and got
// another one.
func BadChoice(cmd *cobra.Command, flag, value string, words []string) error {
	var hints []string
	if near := fail.Nearest(value, words); near != "" {
		hints = append(hints, fmt.Sprintf("did you mean --%s %s?", flag, near))
	}
	among := "one of " + strings.Join(words, ", ")
	if len(words) == 1 {
		among = words[0]
	}
	return Usage(cmd, fmt.Errorf("--%s: %q is not %s", flag, value, among), hints...)
}
