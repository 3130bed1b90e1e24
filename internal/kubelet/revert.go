package kubelet

import (
	"bytes"
	"slices"
)

// Revert undoes an edit of a file that somebody may have changed since:
// original became edited by us, and current is what it is now. ok is false if
// what we wrote is not in it, or in more places than one.
func Revert(original, edited, current []byte) (reverted []byte, ok bool) {
	switch {
	case bytes.Equal(current, edited):
		return original, true
	case bytes.Equal(current, original):
		return original, true
	}
	lines := split(current)
	for _, h := range slices.Backward(hunks(split(original), split(edited))) {
		at, found := place(lines, h)
		if !found {
			return nil, false
		}
		lines = slices.Replace(lines, at, at+len(h.ours), h.theirs...)
	}
	return bytes.Join(lines, nil), true
}

// hunk is one change: lines of theirs became lines of ours, between before and
// after.
type hunk struct {
	theirs, ours  [][]byte
	before, after []byte // the neighbours, nil at the ends of the file
}

// place finds our lines. If they occur in several places, their neighbours
// decide.
func place(lines [][]byte, h hunk) (int, bool) {
	var all, beside []int
	for at := 0; at+len(h.ours) <= len(lines); at++ {
		if len(h.ours) == 0 || !slices.EqualFunc(lines[at:at+len(h.ours)], h.ours, bytes.Equal) {
			continue
		}
		all = append(all, at)
		end := at + len(h.ours)
		if at > 0 && bytes.Equal(lines[at-1], h.before) || end < len(lines) && bytes.Equal(lines[end], h.after) {
			beside = append(beside, at)
		}
	}
	switch {
	case len(all) == 1:
		return all[0], true
	case len(beside) == 1:
		return beside[0], true
	}
	return 0, false
}

// hunks are the changes from one file to another: everything outside of their
// longest common sequence of lines.
func hunks(from, to [][]byte) []hunk {
	head := 0
	for head < len(from) && head < len(to) && bytes.Equal(from[head], to[head]) {
		head++
	}
	tail := 0
	for tail < len(from)-head && tail < len(to)-head && bytes.Equal(from[len(from)-1-tail], to[len(to)-1-tail]) {
		tail++
	}
	a, b := from[head:len(from)-tail], to[head:len(to)-tail]
	common := lengths(a, b)
	var found []hunk
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		if i < len(a) && j < len(b) && bytes.Equal(a[i], b[j]) {
			i, j = i+1, j+1
			continue
		}
		h := hunk{before: at(to, head+j-1)}
		for i < len(a) || j < len(b) {
			if i < len(a) && j < len(b) && bytes.Equal(a[i], b[j]) {
				break
			}
			if j >= len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
				h.theirs = append(h.theirs, a[i])
				i++
			} else {
				h.ours = append(h.ours, b[j])
				j++
			}
		}
		h.after = at(to, head+j)
		found = append(found, h)
	}
	return found
}

// lengths[i][j] is how long the longest common sequence of a[i:] and b[j:] is.
func lengths(a, b [][]byte) [][]int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i, line := range slices.Backward(a) {
		for j, other := range slices.Backward(b) {
			if bytes.Equal(line, other) {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

func at(lines [][]byte, i int) []byte {
	if i < 0 || i >= len(lines) {
		return nil
	}
	return lines[i]
}

func split(data []byte) [][]byte {
	return slices.Collect(bytes.Lines(data))
}
