// Package kernel reads what Linux shows in procfs and sysfs: swap areas,
// memory, mounts, and block devices with the devices below them. It changes
// nothing. Parsers are pure functions; sizes are bytes.
package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Kinds of a Swap, as in /proc/swaps.
const (
	SwapFile      = "file"
	SwapPartition = "partition" // any block device
)

// Swap is one active swap area, a line of /proc/swaps.
type Swap struct {
	Path      string // never the /dev/mapper name of a mapping, but /dev/dm-N
	Kind      string // SwapFile or SwapPartition
	SizeBytes int64  // usable size: the file or device less its header
	UsedBytes int64
	Priority  int
	Deleted   bool // the path had the kernel's " (deleted)" suffix, which Path leaves out
}

// deletedMark is what the kernel's d_path appends to the path of a file that
// has no name any more.
const deletedMark = " (deleted)"

// Swaps reads /proc/swaps. The error wraps fs.ErrNotExist if this kernel was
// built without swap.
func Swaps(h host.Host) ([]Swap, error) {
	data, err := h.Files.ReadFile("/proc/swaps", host.TableLimit)
	if err != nil {
		return nil, err
	}
	swaps, err := ParseSwaps(data)
	if err != nil {
		return nil, err
	}
	for i, s := range swaps {
		// A file may really be called "x (deleted)"; it looks the same.
		if !s.Deleted {
			continue
		}
		if _, err := h.Files.Lstat(s.Path + deletedMark); err == nil {
			swaps[i].Path, swaps[i].Deleted = s.Path+deletedMark, false
		}
	}
	return swaps, nil
}

// ParseSwaps parses /proc/swaps (mm/swapfile.c, swap_show): a heading, then a
// line for each area with path, type, size and used in KiB, and priority. In
// the path, space, tab, newline and backslash are octal escapes.
func ParseSwaps(data []byte) ([]Swap, error) {
	heading, rest, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.HasPrefix(heading, []byte("Filename")) {
		return nil, fmt.Errorf("/proc/swaps: no heading in its first line %q", heading)
	}
	var swaps []Swap
	for line := range strings.SplitSeq(string(rest), "\n") {
		if line == "" {
			continue
		}
		s, err := parseSwap(line)
		if err != nil {
			return nil, fmt.Errorf("/proc/swaps: %w in line %q", err, line)
		}
		swaps = append(swaps, s)
	}
	return swaps, nil
}

func parseSwap(line string) (Swap, error) {
	// Not strings.Fields: a path may hold other white space unescaped, such as
	// a no-break space.
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(fields) != 5 {
		return Swap{}, fmt.Errorf("%d fields instead of 5", len(fields))
	}
	s := Swap{Path: unescape(fields[0]), Kind: fields[1]}
	if s.Kind == "virtual" {
		return Swap{}, errors.New("this is a container, in whose view lxcfs does not show the areas of the node")
	}
	if s.Kind != SwapFile && s.Kind != SwapPartition {
		return Swap{}, fmt.Errorf("unknown type %q", s.Kind)
	}
	s.Path, s.Deleted = strings.CutSuffix(s.Path, deletedMark)
	var err error
	if s.SizeBytes, err = parseKiB(fields[2]); err != nil {
		return Swap{}, err
	}
	if s.UsedBytes, err = parseKiB(fields[3]); err != nil {
		return Swap{}, err
	}
	if s.Priority, err = strconv.Atoi(fields[4]); err != nil {
		return Swap{}, err
	}
	return s, nil
}

// parseKiB converts a decimal number of KiB to bytes.
func parseKiB(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 53)
	if err != nil {
		return 0, err
	}
	return int64(n) << 10, nil
}

// unescape reverses the kernel's mangle_path: a backslash and three octal
// digits stand for one byte.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
