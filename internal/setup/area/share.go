package area

import "strings"

// shareTolerance is the part of an area's size, one in so many, by which a share
// of the memory may differ before the area does. Another kernel takes some MiB
// more or less for itself, which is no reason to write gigabytes anew.
const shareTolerance = 100

// isShare reports whether a size is a share of the memory.
func isShare(size string) bool { return strings.HasSuffix(strings.TrimSpace(size), "%") }

// KeepShare gives an area of which a share of the memory was asked the size that the
// journal knows, where that is all but the same.
func (a *Area) KeepShare(asked string) {
	was := a.known.want
	if difference := a.SizeBytes - was.SizeBytes; isShare(asked) && was.Path == a.Path && max(difference, -difference) <= was.SizeBytes/shareTolerance {
		a.setSize(was.SizeBytes)
	}
}
