// Package manifest reads Kubernetes objects, as people write them and as
// kubectl and the API server print them, and keeps what decides over swap.
//
// It reads once, front to back, in memory that does not grow with the input:
// a scanner passes over what nobody asks for and keeps the rest of one object
// at a time. YAML that the scanner is not sure about goes, object by object,
// through kubeyaml.
package manifest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/limits"
)

// Stdin is the name of standard input among the inputs.
const Stdin = "-"

// Options say how to read.
type Options struct {
	// TemplatePaths say where kinds that swapctl does not know have their pod
	// template: "argoproj.io/Rollout=spec.template", "Rollout=spec.template",
	// or "spec.template" for every kind that has an object there. The number of
	// copies is "replicas" beside the template.
	TemplatePaths []string
	// Stdin is read for the input "-".
	Stdin io.Reader
	// Invalid is called for an object with a field of a wrong type, and
	// decides: nil continues with the next object. A nil Invalid ends the
	// reading.
	Invalid func(*limits.FieldError) error
	// SkipFile is called for a file that cannot be understood, among others,
	// and decides: nil continues with the next file. Objects before the place
	// that the error names have been emitted. A nil SkipFile ends the reading.
	SkipFile func(error) error
	// Foreign is told of a file in a directory that is no manifest, and why: it is left
	// out. May be nil.
	Foreign func(name string, why error)
}

// Files is the part of host.Files that is needed.
type Files interface {
	Open(name string, flag int, perm fs.FileMode) (host.File, error)
	ReadDir(name string) ([]string, error)
	Stat(name string) (host.Stat, error)
	Lstat(name string) (host.Stat, error)
}

// Read reads the inputs in their order: files, directories (recursively, names
// sorted: *.yaml, *.yml, *.json and these with .gz; hidden ones are left out),
// and "-" for standard input. What is in them is told by content: gzip, JSON
// (also several documents one after the other), YAML with any number of
// documents, Lists of any kind.
//
// emit gets every object, in the order of the input, the items of a List one by
// one. The object, and all it points to, is overwritten after emit returns;
// strings may be kept. An error of emit ends the reading and is returned as it
// is.
//
// Errors about the input have the exit code fail.Usage and name file,
// document and, where known, line; those about a field are a
// *limits.FieldError inside.
func Read(ctx context.Context, files Files, inputs []string, o Options, emit func(*limits.Object) error) error {
	templates, err := parseTemplatePaths(o.TemplatePaths)
	if err != nil {
		return err
	}
	r := &reader{
		ctx: ctx, files: files, options: o,
		among:   len(inputs) > 1,
		decoder: newDecoder(templates), want: wanted(templates), wantPod: wantedPod(), emit: emit,
	}
	for _, input := range inputs {
		if err := r.input(input); err != nil {
			return err
		}
	}
	return nil
}

// reader is one call of Read.
type reader struct {
	ctx     context.Context
	files   Files
	options Options
	decoder *decoder
	want    *want // of any object
	wantPod *want // of a Pod
	emit    func(*limits.Object) error
	buffer  []byte // of the window, for the next file
	among   bool   // there are other files
	below   bool   // the file was found in a directory
	foreign bool   // the error is not about the input
}

// input reads one of the inputs, which must hold at least one document.
func (r *reader) input(name string) error {
	if name == Stdin {
		return r.stdin()
	}
	st, err := r.files.Stat(name)
	if err != nil {
		return unreadable(name, err)
	}
	if st.Mode.IsDir() {
		return r.directory(name)
	}
	return r.file(name, true)
}

func (r *reader) stdin() error {
	if r.options.Stdin == nil {
		return fail.Newf(fail.Usage, "read the pods", "there is no standard input")
	}
	documents, err := r.stream(Stdin, r.options.Stdin)
	if err == nil && documents == 0 {
		err = fail.Newf(fail.Usage, "read the pods", "standard input: there is no object in it").
			Hint("what stands before the | has written none; this does: kubectl get pods -A -o json | swapctl plan --pods -")
	}
	return err
}

// file reads one file. A file that was named must contain something.
func (r *reader) file(name string, named bool) error {
	// A FIFO without a writer must not hang us; one with a writer is waited
	// for.
	f, err := r.files.Open(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return unreadable(name, err)
	}
	defer func() { _ = f.Close() }()
	documents, err := r.stream(name, f)
	if r.below && documents == 1 && errors.Is(err, errNoObject) {
		err = errForeign // a list: a JSON patch
	}
	if err != nil && !errors.Is(err, errForeign) {
		err = r.bad(err)
	}
	if err != nil {
		return err
	}
	if documents > 0 || !named {
		return nil
	}
	if st, err := f.Stat(); err == nil && st.Mode&fs.ModeNamedPipe != 0 {
		return fail.Newf(fail.Usage, "read the pods", "%s: nobody writes to this pipe", name).
			Hint("standard input waits for whoever writes: kubectl get pods -A -o json | swapctl plan --pods -")
	}
	return empty(name)
}

// bad is for a file that cannot be understood: a patch, a chart's template.
func (r *reader) bad(err error) error {
	ours, ok := errors.AsType[*fail.Error](err)
	_, field := errors.AsType[*limits.FieldError](err)
	if !r.among || r.foreign || !ok || field || r.ctx.Err() != nil {
		return err
	}
	if r.options.SkipFile != nil {
		return r.options.SkipFile(ours.Err)
	}
	return ours.Hint("to leave out files like this one, add --skip-invalid")
}

func empty(name string) error {
	return fail.Newf(fail.Usage, "read the pods", "%s: there is no object in it", name).
		Hint("'kubectl get pods -A -o json' prints the pods of a cluster")
}

// unreadable formats an error of the file system.
func unreadable(name string, err error) error {
	var hints []string
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		hints = append(hints, "give a file, a directory, or - for standard input")
	}
	return fail.New(fail.Usage, "read "+name, err, hints...)
}
