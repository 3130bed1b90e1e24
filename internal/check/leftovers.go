package check

import (
	"fmt"
	"strings"

	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/nextboot"
)

func leftoversCheck() Check {
	return Check{
		ID: "swap-leftovers", Title: "No boot waits for swap that is gone",
		Want: "no line of fstab or crypttab, no swap unit and no resume device that is not there, or that lies below an encrypted area",
		Why:  "A boot waits 90 seconds for each, and swap.target fails; what takes a device for swap again loses what is on it now.",
		Says: []Status{Pass, Warn, Unknown}, Run: leftovers,
	}
}

func leftovers(f *Facts) Finding {
	var bad []string
	var edit string
	for _, m := range f.Boot.Mentions {
		why := f.leftover(m)
		if why == "" {
			continue
		}
		bad = append(bad, m.String()+", "+why)
		if edit == "" {
			edit = m.Edit()
		}
	}
	switch {
	case len(bad) > 0 && f.Container != "": // which has no /dev/disk of the node's
		return unknown(oneLine(strings.Join(bad, "; ")), seenFromOutside(f))
	case len(bad) > 0:
		return warn(oneLine(strings.Join(bad, "; ")), "take it out: "+edit)
	case f.Boot.MentionsErr != nil:
		return unknown(oneLine(f.Boot.MentionsErr.Error()), asRoot)
	}
	return pass("what fstab, crypttab, swap units and the settings of hibernation name is there")
}

// leftover says what is wrong with a mention, "" if nothing is.
func (f *Facts) leftover(m nextboot.Mention) string {
	mapping, mapped := strings.CutPrefix(m.Spec, "/dev/mapper/")
	_, made := f.Boot.Crypttab[mapping]
	switch {
	case !m.Swap || !m.Waits:
		return ""
	case m.Exists:
		return f.belowAnArea(m)
	case mapped && made, strings.HasPrefix(m.Spec, "/dev/zram"), strings.HasPrefix(m.Spec, "/dev/urandom"):
		return ""
	}
	return "which is not there"
}

// belowAnArea reports whether a mention is of the device or file below an
// encrypted area. The check swap-persistent reports lines that turn that on as
// swap.
func (f *Facts) belowAnArea(m nextboot.Mention) string {
	if m.What != "a resume device" {
		return ""
	}
	for _, a := range f.Areas {
		below := ""
		a.Stack.Walk(func(at kernel.Layer) bool {
			if at.Kind != kernel.KindFile && at.Dev != 0 && m.Stat.Rdev == at.Dev && a.Stack.Encrypted() {
				below = fmt.Sprintf("which lies below %s, encrypted with a random key", a.Name())
			}
			return below == ""
		})
		if below != "" {
			return below
		}
	}
	return ""
}
