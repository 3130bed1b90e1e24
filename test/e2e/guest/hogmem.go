package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const pageSize = 4096

// hog has the memory: outside of the Go heap, so that the runtime does not move
// or touch it.
type hog struct {
	options hogOptions
	memory  []byte
	started time.Time
}

// hogRun is the hog itself, already in its group: it fills the memory, has it
// swapped out, reports that, then answers questions.
func hogRun(args []string) error {
	options, err := parseHog(args)
	if err != nil {
		return err
	}
	h := &hog{options: options, started: time.Now()}
	h.memory, err = unix.Mmap(-1, 0, int(options.bytes)&^(pageSize-1), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("cannot get the memory: %w", err)
	}
	// Huge pages are swapped in a different way, and one of them would have a
	// single pattern for 512 pages.
	_ = unix.Madvise(h.memory, unix.MADV_NOHUGEPAGE)
	for offset := 0; offset < len(h.memory); offset += pageSize {
		fillPage(h.memory[offset:offset+pageSize], options.pattern, uint64(offset/pageSize))
	}
	_ = os.Remove(hogSocket(options.group))
	listener, err := net.Listen("unix", hogSocket(options.group))
	if err != nil {
		return err
	}
	var pushed error
	if options.reclaim {
		pushed = h.reclaim()
	}
	answer := h.answer(pushed)
	if answer.Error == "" && answer.SwappedBytes < options.minSwapped {
		answer.Error = fmt.Sprintf("only %d of at least %d bytes were swapped out", answer.SwappedBytes, options.minSwapped)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		return err
	}
	for {
		line, err := listener.Accept()
		if err != nil {
			return err
		}
		h.serve(line)
	}
}

func (h *hog) serve(line net.Conn) {
	defer line.Close()
	word, err := bufio.NewReader(line).ReadString('\n')
	if err != nil {
		return
	}
	h.started = time.Now()
	var answer hogAnswer
	switch strings.TrimSpace(word) {
	case "verify":
		err := h.verify()
		answer = h.answer(err)
		answer.Verified = err == nil
	case "reclaim":
		answer = h.answer(h.reclaim())
	default:
		answer = h.answer(nil)
	}
	_ = json.NewEncoder(line).Encode(answer)
}

func (h *hog) answer(err error) hogAnswer {
	a := hogAnswer{
		Group: h.options.group, Bytes: int64(len(h.memory)),
		CurrentBytes: h.read("memory.current"), SwappedBytes: h.read("memory.swap.current"),
		Seconds: fmt.Sprintf("%.2f", time.Since(h.started).Seconds()),
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

func (h *hog) path(file string) string { return filepath.Join(groupRoot, h.options.group, file) }

// read returns the number in a file of the group, or -1 if the kernel has no
// such file.
func (h *hog) read(file string) int64 {
	var value int64
	text, err := os.ReadFile(h.path(file))
	if err != nil {
		return -1
	}
	if _, err := fmt.Sscan(string(text), &value); err != nil {
		return -1
	}
	return value
}

// reclaim asks the kernel to swap out everything in the group, until enough is
// swapped out or no more can be. The kernel returns EAGAIN if it reclaimed less
// than asked for: that alone is not a failure.
func (h *hog) reclaim() error {
	goal := int64(len(h.memory)) / 100 * 98
	last, idle := int64(-1), 0
	for idle < 5 {
		swapped := h.read("memory.swap.current")
		if swapped >= goal {
			return nil
		}
		if idle++; swapped > last {
			last, idle = swapped, 0
		}
		if err := askReclaim(h.path("memory.reclaim"), goal-swapped); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// askReclaim writes without package os: after EAGAIN an os.File waits in the
// poller, and a control group file, which can be polled, never wakes it.
func askReclaim(path string, bytes int64) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot push memory out: %w", err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, fmt.Appendf(nil, "%d", bytes)); err != nil &&
		!errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("cannot push memory out: %w", err)
	}
	return nil
}

// verify reads every page back and compares it with what was written.
func (h *hog) verify() error {
	want := make([]byte, pageSize)
	for offset := 0; offset < len(h.memory); offset += pageSize {
		if offset%ahead == 0 {
			// Start many reads at the same time: one by one they take half a
			// minute on an emulated machine.
			_ = unix.Madvise(h.memory[offset:min(offset+ahead, len(h.memory))], unix.MADV_WILLNEED)
		}
		fillPage(want, h.options.pattern, uint64(offset/pageSize))
		if !bytes.Equal(want, h.memory[offset:offset+pageSize]) {
			return fmt.Errorf("page %d came back changed", offset/pageSize)
		}
	}
	return nil
}

// ahead is how many bytes are read back from swap at a time.
const ahead = 8 << 20

// fillPage writes the pattern, the page's number and pseudo-random bytes that
// depend on both: all pages differ and none compresses well, but each can be
// computed again to compare it.
func fillPage(page []byte, pattern string, number uint64) {
	n := copy(page, pattern)
	page[n] = '#'
	binary.BigEndian.PutUint64(page[n+1:], number)
	state := number*0x9E3779B97F4A7C15 + uint64(len(pattern)) + 1
	rest := page[n+9:]
	for ; len(rest) >= 8; rest = rest[8:] {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		binary.LittleEndian.PutUint64(rest, state)
	}
	clear(rest)
}
