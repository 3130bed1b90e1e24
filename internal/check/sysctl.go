package check

import (
	"fmt"
	"path"
	"strings"

	"github.com/swapctl/swapctl/internal/kernel"
)

func sysctlCheck() Check {
	return Check{
		ID: "sysctl-persistent", Title: "The next boot sets memory as it is now",
		Want: "the last line of sysctl.d for each of vm.swappiness, vm.min_free_kbytes and vm.watermark_* has the value of now",
		Why:  "systemd-sysctl takes the files by their names, and the last line for a setting wins: k8s.conf comes after 90-swapctl.conf.",
		Says: []Status{Pass, Warn, Unknown}, Run: sysctlPersistent,
	}
}

func sysctlPersistent(f *Facts) Finding {
	t := f.Tuning
	var set, changed []string
	var edit string
	for _, now := range []kernel.Text{t.Swappiness, t.MinFree, t.ScaleFactor, t.BoostFactor} {
		name := path.Base(now.File)
		l, ok := t.Sysctls.Wins("vm/" + name)
		out, takenOut := t.Sysctls.TakenOut("vm/" + name)
		switch {
		case now.Err != nil:
		case takenOut:
			edit = fmt.Sprintf("${EDITOR:-vi} +%d %s", out.Line, out.File)
			changed = append(changed, fmt.Sprintf("vm.%s is %s, and a boot leaves it as the kernel has it: %s (-vm.%s)%s", name, now.Value, out.At(), name, f.beaten(out.File, name)))
		case !ok:
		case l.Value == now.Value:
			set = append(set, fmt.Sprintf("%s: vm.%s %s", l.At(), name, l.Value))
		default:
			edit = fmt.Sprintf("${EDITOR:-vi} +%d %s", l.Line, l.File)
			changed = append(changed, fmt.Sprintf("vm.%s is %s, and after a boot %s: %s", name, now.Value, l.Value, l.At()+f.beaten(l.File, name)))
		}
	}
	switch {
	case len(changed) > 0:
		return warn(oneLine(strings.Join(changed, "; ")), "take the line out: "+edit+"; or have it so now: sysctl --system")
	case t.SysctlsErr != nil:
		return unknown(oneLine(t.SysctlsErr.Error()), asRoot)
	case len(set) > 0:
		return pass(oneLine(strings.Join(set, "; ")))
	}
	return pass("no file of sysctl.d sets them")
}

// beaten lists the lines of other files for a setting, which the last one
// overrides.
func (f *Facts) beaten(winner, name string) string {
	var all []string
	for _, l := range f.Tuning.Sysctls {
		if l.Key == "vm/"+name && l.File != winner && !l.Exclude {
			all = append(all, l.At()+" ("+l.Value+")")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " wins over " + strings.Join(all, ", ")
}
