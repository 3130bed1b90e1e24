package check

import (
	"fmt"
	"strings"
)

func turnedOffCheck() Check {
	return Check{
		ID: "swap-turned-off", Title: "Nothing turns swap off again",
		Want: "no swapoff in what starts the kubelet, in units, cron, rc.local, cloud-init or a login",
		Why:  "Recipes that prepare a node for Kubernetes leave such lines behind; they run again at the next boot, or at each start of the kubelet.",
		Says: []Status{Pass, Warn, Fail, Unknown}, Run: turnedOff,
		Preflight: Always,
	}
}

func turnedOff(f *Facts) Finding {
	var all []string
	var first *SwapOffLine
	for i, l := range f.Boot.TurnsOff {
		all = append(all, oneLine(l.String()))
		if first == nil || l.Kubelet && !first.Kubelet {
			first = &f.Boot.TurnsOff[i]
		}
	}
	switch {
	case first == nil && f.Boot.TurnsOffErr != nil:
		return unknown(oneLine(f.Boot.TurnsOffErr.Error()), asRoot)
	case first == nil:
		return pass("no swapoff in the services that a boot starts, nor in cron, rc.local, cloud-init and profiles")
	}
	found, hint := strings.Join(all, "; "), "take the line out: "+first.edit()
	if first.Kubelet {
		return failed(found+": each start of the kubelet takes the node's swap away", hint)
	}
	return warn(found, hint)
}

// edit is the command that opens the file at the line; of a unit systemd then has to
// hear.
func (l SwapOffLine) edit() string {
	edit := fmt.Sprintf("${EDITOR:-vi} +%d %s", l.Line, l.File)
	if strings.Contains(l.File, "/systemd/") {
		edit += "; systemctl daemon-reload"
	}
	return edit
}
