package step

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// journalFile is a journal open for writing. It knows every byte of the file,
// and writes only while the file contains these: a replaced or changed file is
// left unchanged.
type journalFile struct {
	parsed

	host host.Host
	name string

	// After a failed write the file may contain more than data: a part of
	// adding, or instead all of it.
	adding, instead []byte
}

// longJournal is the size in bytes from which a journal is written again in its
// shortest form: every boot appends some lines.
const longJournal = 64 << 10

func openJournal(h host.Host, name string, damaged bool) (*journalFile, error) {
	p, err := readJournal(h, name)
	if _, ok := errors.AsType[*DamagedError](err); ok && damaged {
		err = nil
	}
	p.stale = p.stale || len(p.data) > longJournal
	return &journalFile{parsed: p, host: h, name: name}, err
}

// write appends entries as one synced write: all of them are announced before
// the caller acts. Without entries it does nothing.
func (f *journalFile) write(entries ...entry) error {
	if len(entries) == 0 {
		return nil
	}
	good := !f.stale
	if err := f.append(entries); err != nil {
		f.stale = f.stale || f.there || f.adding != nil
		if !errors.Is(err, host.ErrChanged) {
			err = errors.Join(err, f.restore(good))
		}
		return f.failed("write", err)
	}
	for _, e := range entries {
		if err := f.apply(e); err != nil {
			return err
		}
	}
	return nil
}

func (f *journalFile) failed(what string, err error) error {
	hints := storeHints(f.name, path.Dir(path.Dir(f.name)), err)
	if errors.Is(err, host.ErrChanged) {
		hints = []string{"see what it says now, and who wrote that: ls -l " + f.name + "; cat " + f.name, "swapctl has left it as it is: run the command again when it may stay so"}
	}
	return fail.New(fail.Failed, what+" the journal", err, hints...)
}

func (f *journalFile) append(entries []entry) error {
	file, err := f.open()
	if err != nil {
		return err
	}
	fresh := len(f.data) == 0
	if fresh {
		entries = append([]entry{header()}, entries...)
	}
	text, sum := encode(f.sum, entries)
	f.adding = text
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	if fresh {
		// The names are synced after the file: one commit of the file system's
		// own journal is then enough for all three.
		dir := path.Dir(f.name)
		if err := f.host.Files.SyncDir(dir); err != nil {
			return err
		}
		if err := f.host.Files.SyncDir(path.Dir(dir)); err != nil {
			return err
		}
	}
	f.holds(append(f.data, text...), sum)
	return nil
}

// holds records what the file contains now.
func (f *journalFile) holds(data []byte, sum string) {
	f.data, f.sum, f.there = data, sum, true
	f.adding, f.instead, f.stale = nil, nil, false
}

// now reads the content of the file, if it is what we know, or what a failed
// write of ours may have made of that.
func (f *journalFile) now() ([]byte, error) {
	data, err := f.host.Files.ReadFile(f.name, int64(len(f.data)+len(f.adding)+len(f.instead)))
	switch {
	case errors.Is(err, fs.ErrNotExist) && !f.there:
		return nil, err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, host.ErrTooLarge):
		return nil, f.changed()
	case err != nil:
		return nil, err
	case f.instead != nil && bytes.Equal(data, f.instead):
		return data, nil
	}
	added, ours := bytes.CutPrefix(data, f.data)
	if !ours || !bytes.HasPrefix(f.adding, added) {
		return nil, f.changed()
	}
	return data, nil
}

func (f *journalFile) changed() error {
	return &fs.PathError{Op: "write", Path: f.name, Err: host.ErrChanged}
}

// restore removes from the file what was not written well: the write may be
// complete nevertheless, and a boot would act on it. A journal without other
// content is left to close, which removes it. good: the old content can be
// restored.
func (f *journalFile) restore(good bool) error {
	switch {
	case f.empty():
		return nil
	case good && len(f.data) > 0:
		return f.put(f.data, f.sum)
	}
	return f.rewrite()
}

// rewrite replaces the journal with its shortest form.
func (f *journalFile) rewrite() error {
	text, sum := encode("", f.entries())
	return f.put(text, sum)
}

// put makes text, which ends with sum, the whole content of the journal.
func (f *journalFile) put(text []byte, sum string) error {
	now, err := f.now()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f.instead = text
	if err := f.host.Files.Rewrite(f.name, now, text); err != nil {
		return err
	}
	f.holds(text, sum)
	return nil
}

// open opens the journal for appending, and makes sure that it is the one that was
// read.
func (f *journalFile) open() (host.File, error) {
	if f.stale && f.there {
		if err := f.rewrite(); err != nil {
			return nil, err
		}
	}
	flag := os.O_WRONLY | os.O_APPEND | unix.O_NOFOLLOW
	if !f.there {
		flag |= os.O_CREATE | os.O_EXCL
	}
	file, err := f.host.Files.Open(f.name, flag, 0o600)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) && f.there {
		return nil, f.changed()
	}
	if err != nil {
		return nil, err
	}
	f.there = true
	if err := f.still(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// still makes sure that the opened file still has the name, and the content
// that we know.
func (f *journalFile) still(file host.File) error {
	if _, err := f.now(); err != nil {
		return err
	}
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	if named, err := f.host.Files.Lstat(f.name); err != nil || !opened.SameFile(named) {
		return errors.Join(f.changed(), err)
	}
	return nil
}

// closeDown ends a teardown: only restarts may be pending. If steps were left,
// the next teardown continues with them.
func (f *journalFile) closeDown() (err error) {
	if len(f.Records) > 0 {
		return nil
	}
	if len(f.Restarts) > 0 && f.Goal != GoalNone {
		err = f.write(entry{Op: "goal", Goal: GoalNone})
	}
	f.Goal, f.Config = GoalNone, nil
	return errors.Join(err, f.close())
}

// close ends writing. A journal with nothing pending and nothing to remember is
// removed.
func (f *journalFile) close() error {
	if !f.empty() {
		return nil
	}
	err := f.host.Files.Remove(host.ReplaceTemp(f.name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		if _, err = f.now(); err == nil {
			err = f.host.Files.Remove(f.name)
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.failed("remove", err)
}
