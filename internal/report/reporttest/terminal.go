// Package reporttest has a terminal for tests: a real pseudo-terminal of any width,
// and what a person sees on it in the end.
package reporttest

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Terminal is a pseudo-terminal. File is where a program writes.
type Terminal struct {
	File   *os.File
	t      testing.TB
	master *os.File
	said   chan string
}

// Open makes a terminal with so many columns. Lines end on it as they are written.
// The test is skipped where none can be made.
func Open(t testing.TB, columns int) *Terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	file, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("needs a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { file.Close() })
	settings, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Oflag &^= unix.OPOST
	if err := unix.IoctlSetTermios(int(file.Fd()), unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	terminal := &Terminal{File: file, t: t, master: master, said: make(chan string, 1)}
	terminal.Resize(columns)
	go func() {
		text, _ := io.ReadAll(master) // it ends with EIO
		terminal.said <- string(text)
	}()
	return terminal
}

// Resize makes it wider or narrower.
func (t *Terminal) Resize(columns int) {
	t.t.Helper()
	size := &unix.Winsize{Row: 50, Col: uint16(columns)} //nolint:gosec // no test has a terminal that wide
	if err := unix.IoctlSetWinsize(int(t.File.Fd()), unix.TIOCSWINSZ, size); err != nil {
		t.t.Fatal(err)
	}
}

// Close ends it and returns everything that was written to it.
func (t *Terminal) Close() string {
	t.File.Close()
	return <-t.said
}

// Screen is what stands in the end on a terminal of so many columns to which the
// text was written, line by line and without blanks at their ends. It knows what
// swapctl may use: new lines, carriage returns, erasing to the end of the line, and
// colours, which it leaves out. Any other escape sequence stays to be seen.
func Screen(text string, columns int) []string {
	rows := [][]rune{nil}
	row, column := 0, 0
	down := func() {
		if row++; row == len(rows) {
			rows = append(rows, nil)
		}
	}
	for len(text) > 0 {
		if rest, ok := sequence(text, 'K'); ok {
			rows[row] = rows[row][:min(column, len(rows[row]))]
			text = rest
			continue
		}
		if rest, ok := sequence(text, 'm'); ok {
			text = rest
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch r {
		case '\r':
			column = 0
		case '\n':
			down()
			column = 0
		default:
			if column == columns {
				down()
				column = 0
			}
			for len(rows[row]) <= column {
				rows[row] = append(rows[row], ' ')
			}
			rows[row][column] = r
			column++
		}
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.TrimRight(string(r), " ")
	}
	return lines
}

// sequence takes one escape sequence with this last letter from the front.
func sequence(text string, last byte) (rest string, ok bool) {
	inner, ok := strings.CutPrefix(text, "\x1b[")
	if !ok {
		return text, false
	}
	inner = strings.TrimLeft(inner, "0123456789;")
	if inner == "" || inner[0] != last {
		return text, false
	}
	return inner[1:], true
}
