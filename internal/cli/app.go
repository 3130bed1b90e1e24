// Package cli has what all commands share: the global flags, how results,
// warnings and errors are printed, and how input is read.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/report"
)

// APIVersion is the apiVersion of every document that a command prints.
const APIVersion = "swapctl.dev/v1alpha1"

// Unchanged is the state that a command reports if it did not get to change the
// node.
const Unchanged = "nothing was changed"

// Changes is the annotation of a command that changes the node: its error
// messages end with the state of the node.
const Changes = "changes"

// App is what every command works with: the machine, the process and the flags that
// all commands have.
type App struct {
	Host host.Host
	Process
	Node Node

	Output     report.Format
	ConfigFile string
	Quiet      bool
	Verbose    bool
	NoColor    bool

	Started bool   // a command runs: an error is no longer a usage error
	State   string // the state in which a command that changes the node leaves it
}

// Change makes do the RunE of a command that changes the node: a signal cancels
// its context. Other commands do not listen for signals, because that costs a
// tenth of the time of a short command.
func (a *App) Change(do func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		ctx, stop := notify(cmd.Context())
		defer stop()
		cmd.SetContext(ctx)
		a.State = Unchanged
		return do(cmd)
	}
}

// Env returns an environment variable, empty when it is not set.
func (a *App) Env(name string) string {
	value, _ := a.LookupEnv(name)
	return value
}

// Stdout returns a printer for the result.
func (a *App) Stdout() *report.Printer {
	return report.New(a.Out, report.Options{NoColor: a.NoColor, Env: a.Env})
}

// Stderr returns a printer for warnings, progress and errors.
func (a *App) Stderr() *report.Printer {
	return report.New(a.Err, report.Options{NoColor: a.NoColor, Env: a.Env})
}

// Print writes the result: doc as JSON or YAML, or what draw makes of it.
func (a *App) Print(doc any, draw func(p *report.Printer, wide bool) error) error {
	var err error
	switch a.Output {
	case report.JSON, report.YAML:
		err = report.Encode(a.Out, a.Output, doc)
	default: // a command with rows prints CSV itself
		err = draw(a.Stdout(), a.Output == report.Wide)
	}
	return Printed("the result", err)
}

// pipeClosing is EPIPE on Windows (ERROR_NO_DATA of winerror.h).
const pipeClosing = syscall.Errno(232)

// Printed is the error of writing to stdout. It is not an error if the reader
// stops reading (swapctl plan | head).
func Printed(what string, err error) error {
	if errors.Is(err, syscall.EPIPE) || runtime.GOOS == "windows" && errors.Is(err, pipeClosing) {
		return nil
	}
	return fail.New(fail.Failed, "print "+what, err, "write it to a file on a disk with room")
}

// Warn prints a warning to stderr, unless --quiet was given.
func (a *App) Warn(format string, args ...any) {
	if !a.Quiet {
		_ = a.Stderr().Prose("swapctl: " + report.Paint(report.Notice, "warning: ") +
			OneLine(fmt.Sprintf(format, args...)))
	}
}

// Node is the part of the program that is about a node, and so about Linux.
type Node struct {
	// Commands makes the commands that look at a node or change it.
	Commands func(*App) []*cobra.Command
	// Memory tells the machine's memory and swap.
	Memory func(host.Host) (totalBytes, swapBytes int64, err error)
	// KubeletVersion tells the version of the machine's kubelet, "" if it has none
	// that can be asked.
	KubeletVersion func(context.Context, host.Host) string
	// Completion completes flags of these commands; nil for one that it does not know.
	Completion func(*App, *pflag.Flag) cobra.CompletionFunc
}

// Note says on stderr what a person should know beside the result, unless --quiet was
// given.
func (a *App) Note(format string, args ...any) {
	if !a.Quiet {
		_ = a.Stderr().Prose("swapctl: " + OneLine(fmt.Sprintf(format, args...)))
	}
}

// Process is what the process got from its caller, besides its arguments.
type Process struct {
	In        io.Reader
	Out, Err  io.Writer
	LookupEnv func(string) (string, bool)
	Environ   []string // the whole environment, as name=value
	Name      string   // as which the program was called; maybe with a path
	Build     Build
}

// Build is what the linker set; a build by 'go install' has it from its module.
type Build struct{ Version, Commit, Date string }

// Tool names this program in a SARIF file.
func (p Process) Tool() report.Tool {
	return report.Tool{Name: "swapctl", Version: p.Build.Version, InformationURI: "https://github.com/swapctl/swapctl"}
}

// Docs is the address below which the pages of docs/ are for this version: at its tag,
// and for what has none on the main branch.
func (p Process) Docs() string {
	ref := "main"
	if version := "v" + strings.TrimPrefix(p.Build.Version, "v"); isRelease(version) {
		ref = version
	}
	return "https://github.com/swapctl/swapctl/blob/" + ref + "/docs/"
}

// notify returns a context that the first SIGINT, SIGTERM or SIGHUP cancels, so
// that the run is rolled back. A second one kills the process; the next setup
// or teardown then finishes what the journal records.
func notify(ctx context.Context) (context.Context, context.CancelFunc) {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(ctx, signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// isRelease reports whether a version is that of a tag, v1.2.3 or v1.2.3-rc.1, and not
// what git describe or Go say of a commit: v1.2.3-4-gabc, v0.0.0-20260101000000-abc.
func isRelease(version string) bool {
	numbers, candidate, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	parts := strings.Split(numbers, ".")
	for _, part := range parts {
		if _, err := strconv.ParseUint(part, 10, 32); err != nil {
			return false
		}
	}
	return len(parts) == 3 && !strings.ContainsAny(candidate, "-+") &&
		(candidate == "" || strings.HasPrefix(candidate, "rc") || strings.HasPrefix(candidate, "alpha") || strings.HasPrefix(candidate, "beta"))
}
