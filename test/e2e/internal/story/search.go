package story

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// diskContains searches a raw scratch disk for a text, like somebody who has
// stolen the disk: on the host, below all layers of the machine. First it makes
// the machine write what is still cached. It prints the number of matches.
func diskContains(c *call) error {
	if err := c.need(2, "disk-contains b|c TEXT"); err != nil {
		return err
	}
	if status, err := c.inside("guest", "flush"); err != nil || status != 0 {
		return fmt.Errorf("cannot flush the machine: exit status %d, %w", status, err)
	}
	path, err := c.machine.Disk(c.args[0])
	if err != nil {
		return err
	}
	found, err := count(path, []byte(c.args[1]))
	if err != nil {
		return fmt.Errorf("cannot search disk %s: %w", c.args[0], err)
	}
	fmt.Fprintln(c.script.Stdout(), found)
	switch {
	case c.negated && found > 0:
		return fmt.Errorf("disk %s contains %q in %d places", c.args[0], c.args[1], found)
	case !c.negated && found == 0:
		return fmt.Errorf("disk %s does not contain %q", c.args[0], c.args[1])
	}
	return nil
}

// count returns how often the pattern occurs in the file. It skips holes, so it
// reads only what was written.
func count(path string, pattern []byte) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	found := 0
	for at := int64(0); ; {
		begin, err := unix.Seek(int(file.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		end, err := unix.Seek(int(file.Fd()), begin, unix.SEEK_HOLE)
		if err != nil {
			return found, err
		}
		n, err := countIn(io.NewSectionReader(file, begin, end-begin), pattern)
		if err != nil {
			return found, err
		}
		found += n
		at = end
	}
}

// countIn counts in one stream; it keeps the end of each piece, which may be
// the beginning of the pattern.
func countIn(r io.Reader, pattern []byte) (int, error) {
	buffer := make([]byte, 4<<20)
	held, found := 0, 0
	for {
		n, err := io.ReadFull(r, buffer[held:])
		data := buffer[:held+n]
		for {
			i := bytes.Index(data, pattern)
			if i < 0 {
				break
			}
			found++
			data = data[i+len(pattern):]
		}
		held = min(len(data), len(pattern)-1)
		copy(buffer, data[len(data)-held:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
}
