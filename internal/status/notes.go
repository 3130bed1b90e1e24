package status

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/kernel"
)

// examine notes what is unusual about an area.
func (r *reader) examine(s kernel.Swap, stack kernel.Layer) {
	area := label(s.Path)
	if s.Path != stack.Path && stack.Kind == kernel.KindFile {
		r.note(fmt.Sprintf("%s is the file %s, whose file system was unmounted lazily and mounted again; swapoff takes only the path %[2]s", area, label(stack.Path)))
	}
	encrypts := false
	stack.Walk(func(l kernel.Layer) bool {
		encrypts = encrypts || l.Kind == kernel.KindCrypt && !l.NullCipher
		r.examineLayer(area, l, l.Path == stack.Path)
		return true
	})
	if encrypts && !stack.Encrypted() {
		r.note(fmt.Sprintf("%s is encrypted only in part: %s reached without dm-crypt", area, list(stack.PlainDisks())))
	}
	if stack.Kind == kernel.KindZram && len(stack.Below) > 0 {
		how := "unencrypted"
		if stack.Encrypted() {
			how = "encrypted"
		}
		r.note(fmt.Sprintf("%s writes compressed memory back to %s, %s", area, label(stack.Below[0].Path), how))
	}
}

func (r *reader) examineLayer(area string, l kernel.Layer, top bool) {
	name := label(l.Path)
	switch {
	case l.Kind == kernel.KindFile && l.Deleted:
		r.note(fmt.Sprintf("%s: the backing file %s was deleted; its space comes back only when the area is off and its mapping and loop device are gone", area, name))
	case l.Deleted:
		r.note(fmt.Sprintf("%s: its device node was deleted", area))
	case l.Hidden:
		text := fmt.Sprintf("%s: the path %s does not lead to the file, whose file system was unmounted lazily or is covered by another mount", area, name)
		if top {
			text += "; mount it again and give swapoff the path there"
		}
		r.note(text)
	case l.Unseen:
		r.note(fmt.Sprintf("%s: without root %s cannot be looked at", area, name))
	}
	if l.NullCipher {
		r.note(fmt.Sprintf("%s: the mapping %s has the cipher %s, which encrypts nothing", area, label(l.Mapping), l.Cipher))
	}
	if l.Mapping == "" {
		return
	}
	if _, err := r.h.Files.Stat(l.Path); errors.Is(err, fs.ErrNotExist) {
		r.note(fmt.Sprintf("%s: the mapping %s has no node %s; `dmsetup mknodes` makes it", area, label(l.Mapping), name))
	}
	if l.TableUnseen && l.Kind == kernel.KindCrypt {
		if r.h.Kernel.EUID() != 0 {
			r.needsRoot = true
		} else {
			r.note(fmt.Sprintf("%s: the table of the mapping %s could not be read; it counts as encrypted by its UUID", area, label(l.Mapping)))
		}
	}
}

func list(disks []kernel.Layer) string {
	var names []string
	for _, d := range disks {
		names = append(names, label(d.Path))
	}
	switch len(names) {
	case 0:
		return "something is"
	case 1:
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// label is a name, quoted if it could be taken for the text around it or could
// change the terminal.
func label(name string) string {
	if q := strconv.Quote(name); q != `"`+name+`"` || strings.ContainsAny(name, " ,:") && !strings.HasPrefix(name, "/dev/") {
		return q
	}
	return name
}
