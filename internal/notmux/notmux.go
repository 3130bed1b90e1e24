// Package notmux prevents swapctl from running tmux. When lipgloss is
// initialized, it asks the terminal for its colours, even in a program that
// does not need them. Inside of tmux it does so by running the program of that
// name in $PATH: as root, at each start. swapctl needs no answer, and must not
// run a program that others may have put there.
//
// This package must be initialized before lipgloss. Packages are initialized in
// the order of their import paths, each after all that it imports (The Go
// Programming Language Specification, Program initialization); lipgloss imports
// github.com/xo/terminfo, which comes after this package as long as this one
// imports nothing else.
package notmux

import "syscall"

var _ = syscall.Unsetenv("TMUX")
