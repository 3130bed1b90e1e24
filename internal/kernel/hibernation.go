package kernel

import (
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/host"
)

// Hibernation is what is known of suspending to disk.
type Hibernation struct {
	Resume Text   // /sys/power/resume: the device, as major:minor, 0:0 for none
	Disk   Text   // /sys/power/disk
	Word   string // resume= of the kernel command line, the last one, unless it disables resume
	Off    bool   // nohibernate or noresume is on the command line
}

// ReadHibernation reads the kernel command line and sysfs.
func ReadHibernation(h host.Host, words []string) Hibernation {
	hib := Hibernation{
		Resume: ReadText(h, "/sys/power/resume"),
		Disk:   ReadText(h, "/sys/power/disk"),
		Off:    slices.Contains(words, "nohibernate") || slices.Contains(words, "noresume"),
	}
	for _, w := range words {
		if device, ok := strings.CutPrefix(w, "resume="); ok {
			hib.Word = w
			if device == "" || device == "none" {
				hib.Word = ""
			}
		}
	}
	return hib
}
