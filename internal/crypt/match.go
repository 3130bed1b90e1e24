package crypt

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/host"
)

// Matches reports whether the mapping that the kernel has is the one wished
// for, and if not, why, in words that follow "it": "it has no table".
func (m Mapping) Matches(h host.Host, s State) (matches bool, why string) {
	switch {
	case !s.Exists:
		return false, "does not exist"
	case s.UUID != UUID(m.Name):
		return false, fmt.Sprintf("is not a plain mapping of this name (UUID %q)", s.UUID)
	case !s.HasTable:
		return false, "has no table"
	case s.Suspended:
		return false, "is suspended"
	case s.Cipher == "":
		return false, "is not encrypted"
	case s.Cipher != m.Cipher || s.KeyBits != m.KeyBits:
		return false, fmt.Sprintf("is encrypted with %s, %d bits", s.Cipher, s.KeyBits)
	case m.SectorBytes != 0 && s.SectorBytes != m.SectorBytes:
		return false, fmt.Sprintf("has encryption sectors of %d bytes", s.SectorBytes)
	case s.Discards != m.Discards:
		return false, fmt.Sprintf("has discards allowed: %t", s.Discards)
	}
	return m.matchesBacking(h, s)
}

func (m Mapping) matchesBacking(h host.Host, s State) (matches bool, why string) {
	if s.BackingDeleted {
		return false, fmt.Sprintf("stands on %s, which was deleted", s.BackingPath)
	}
	st, err := h.Files.Stat(m.Backing)
	if err != nil {
		return false, fmt.Sprintf("stands on %s, but %v", s.BackingPath, err)
	}
	same := s.Loop != "" && s.BackingDev == st.Dev && s.BackingIno == st.Ino
	if st.IsBlock() {
		// A loop device may itself be the device that was wished for.
		loop, err := h.Files.Stat(s.Loop)
		same = s.Loop == "" && s.BackingDev == st.Rdev || err == nil && loop.Rdev == st.Rdev
	}
	if !same {
		return false, fmt.Sprintf("stands on %s", s.BackingPath)
	}
	return true, ""
}

// StandsElsewhere reports whether the mapping is surely not one of backing but
// somebody else's of the same name: it stands on a device, and not on that
// device, or on none although backing is a file. What cannot be known, because
// backing is not there, is no.
func (s State) StandsElsewhere(h host.Host, backing string) bool {
	st, err := h.Files.Stat(backing)
	switch {
	case err != nil || s.BackingPath == "":
		return false
	case st.Mode.IsRegular():
		return s.Loop == ""
	}
	same, _ := Mapping{Backing: backing}.matchesBacking(h, s)
	return !same && !s.BackingDeleted
}
