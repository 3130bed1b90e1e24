package check

import (
	"strings"

	"github.com/swapctl/swapctl/internal/nextboot"
)

func forgetfulCheck() Check {
	return Check{
		ID: "root-persistent", Title: "What setup writes is there after a reboot",
		Want: "/etc and /var/lib on a disk, and writable",
		Why:  "Where the root is laid over by memory, or made anew by each boot or update, units, settings and the swap file are gone after it.",
		Says: []Status{Pass, Warn}, Run: forgetful,
	}
}

func forgetful(f *Facts) Finding {
	if len(f.Boot.Forgets) > 0 {
		return warn(oneLine(strings.Join(f.Boot.Forgets, "; ")),
			nextboot.Remember)
	}
	return pass("/etc and /var/lib are on a disk, and writable")
}
