package hosttest

import (
	"bytes"
	"encoding/hex"
	"os"
	"slices"
)

// window is how many bytes of a key in a row count as a leak.
const window = 16

// secret remembers key bytes that no file may hold.
func (n *Node) secret(payload []byte) {
	if len(payload) < window {
		return
	}
	text := []byte(hex.EncodeToString(payload))
	for _, s := range n.secrets {
		if bytes.Equal(s.hex, text) {
			return
		}
	}
	n.secrets = append(n.secrets, secret{slices.Clone(payload), text})
}

// secret is a key that was given to the kernel, as it is and in hex.
type secret struct{ raw, hex []byte }

// watch notes it when key bytes are written to a file, even if the file is gone
// when the invariants are checked.
func (n *Node) watch(at string, data []byte) {
	if len(n.secrets) > 0 && n.leaks(data) {
		n.violations = append(n.violations, "key bytes written to "+at)
	}
}

// leaks reports whether data holds a window of any key, as it is or in hex.
// Every window has one of the key's aligned pieces of half its size in it.
func (n *Node) leaks(data []byte) bool {
	if isZeros(data) { // most of what is written, and no key
		return false
	}
	const piece = window / 2
	if len(data) > 0 && data[0] == 0 && bytes.Equal(data[1:], data[:len(data)-1]) {
		return false // zeros, as most of what is written to a swap file
	}
	lower := bytes.ToLower(data)
	for _, s := range n.secrets {
		for at := 0; at+piece <= len(s.raw); at += piece {
			if found(data, s.raw[at:at+piece], s.raw, at) || found(lower, s.hex[2*at:2*at+2*piece], s.hex, 2*at) {
				return true
			}
		}
	}
	return false
}

// found looks for part, which is secret[at:], and around it for enough more of
// the secret to make a window.
func found(data, part, secret []byte, at int) bool {
	for from := 0; ; {
		i := bytes.Index(data[from:], part)
		if i < 0 {
			return false
		}
		i += from
		before, after := 0, len(part)
		for before < at && before < i && data[i-before-1] == secret[at-before-1] {
			before++
		}
		for at+after < len(secret) && i+after < len(data) && data[i+after] == secret[at+after] {
			after++
		}
		if before+after >= 2*len(part) {
			return true
		}
		from = i + 1
	}
}

// leaksIn searches the written parts of a file of the test machine.
func (n *Node) leaksIn(path string, size int64) bool {
	if len(n.secrets) == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	for at := int64(0); ; {
		from, to, ok := nextData(f, at, size)
		if !ok {
			return false
		}
		data := make([]byte, to-from)
		if got, _ := f.ReadAt(data, from); n.leaks(data[:got]) {
			return true
		}
		at = to
	}
}
