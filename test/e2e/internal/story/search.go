package story

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// diskContains looks for a text on a raw scratch disk, as a thief of the disk would: on the host, below everything that
// the machine believes. What the machine still holds back is written first. Prints the number of places.
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

// count returns how often the pattern occurs in the file. Holes are skipped, so it costs what was written.
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

// countIn counts in one stream; what may be the beginning of the pattern at the end of a piece is looked at again.
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
