// Package notmux keeps swapctl from running tmux. lipgloss asks for the colours of the
// terminal when it is initialized, whoever uses it, and inside of tmux it does so by
// running whatever $PATH has of that name: as root, at each start. swapctl needs no
// answer, and runs no program that others may have put there.
//
// This has to come before lipgloss is initialized. Packages are initialized in the order
// of their import paths, each once all that it imports is (The Go Programming Language
// Specification, Program initialization); lipgloss imports github.com/xo/terminfo, which
// comes behind this one, as long as this one imports nothing else.
package notmux

import "syscall"

var _ = syscall.Unsetenv("TMUX")
