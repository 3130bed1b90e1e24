package crypt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/swapctl/swapctl/internal/host"
)

// Matches reports whether the kernel's mapping is the desired one, and if not,
// why, in words that follow "it": "it has no table".
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
	case s.OffsetBytes != m.OffsetBytes:
		return false, fmt.Sprintf("begins at byte %d", s.OffsetBytes)
	}
	if s.BackingDeleted {
		return false, fmt.Sprintf("stands on %s, which was deleted", s.BackingPath)
	}
	if _, err := h.Files.Stat(m.Backing); err != nil {
		return false, fmt.Sprintf("stands on %s, but %v", s.BackingPath, err)
	}
	if !s.IsOn(h, m.Backing) {
		return false, fmt.Sprintf("stands on %s", orUnknown(s.BackingPath))
	}
	return true, ""
}

// IsOn reports whether the mapping uses the file or device that now has the
// path backing.
func (s State) IsOn(h host.Host, backing string) bool {
	st, err := h.Files.Stat(backing)
	switch {
	case err != nil:
		return false
	case !st.IsBlock():
		return s.Loop != "" && s.BackingDev == st.Dev && s.BackingIno == st.Ino
	case s.Loop == "":
		return s.BackingDev == st.Rdev
	}
	loop, err := h.Files.Stat(s.Loop) // which may itself be the desired device
	return err == nil && loop.Rdev == st.Rdev
}

// StandsOn reports whether the mapping uses the very file or device for which
// it was made: backing is its path, and made is its identity, as host.Identify
// returned it then; the zero Identity if none was recorded. The file may have
// lost its name since, or the name may be another file's.
func (s State) StandsOn(h host.Host, backing string, made host.Identity) bool {
	isFile := made.Ino != 0
	if s.IsOn(h, backing) {
		now, err := h.Identify(backing)
		return !isFile || err == nil && now.Same(made)
	}
	switch {
	case isFile:
		dir, err := h.Files.Lstat(path.Dir(backing)) // Dev changes with a reboot
		return s.BackingIno == made.Ino && (s.BackingDev == made.Dev || err == nil && s.BackingDev == dir.Dev)
	case made.Dev != 0:
		_, err := h.Files.Stat(backing)
		return errors.Is(err, fs.ErrNotExist) && s.Loop == "" && s.BackingDev == made.Dev
	}
	return s.BackingDeleted && s.BackingPath == backing
}
