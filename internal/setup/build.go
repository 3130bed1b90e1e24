package setup

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/step"
)

// build makes a step again from what the journal kept of it. What a boot finds
// of the node's own steps it leaves as another version of swapctl made it.
func build(r step.Record, o DownOptions) (step.Step, error) {
	kind, suffix := splitID(r.ID)
	var s step.Step
	var err error
	switch kind {
	case "swap.file":
		s = fileStep{area: suffix, keep: o.KeepFile, want: wish[fileWant](r, &err)}
	case "swap.device":
		s = deviceStep{area: suffix, want: wish[deviceWant](r, &err)}
	case "swap.crypt":
		want := wish[crypt.Mapping](r, &err)
		s = cryptStep{area: suffix, want: want, file: isFile(want.Backing)}
	case "swap.header":
		want := wish[headerWant](r, &err)
		s = headerStep{area: suffix, want: want, file: isFile(want.Path)}
	case "swap.on":
		s = onStep{area: suffix, force: o.Force, want: wish[onWant](r, &err)}
	case "sysctl.file":
		s = sysctlFileStep{made: r.Made, want: wish[sysctlWant](r, &err)}
	case "sysctl.live":
		s = sysctlLiveStep{wish[sysctlWant](r, &err)}
	case "slice.system":
		s = sliceStep{boot: o.boot, late: o.late, made: r.Made, want: wish[sliceWant](r, &err)}
	case "boot.unit":
		s = unitStep{boot: o.boot, late: o.late, made: r.Made, want: wish[unitWant](r, &err)}
	case "boot.unmask":
		s = unmaskStep{late: o.late, want: wish[unmaskWant](r, &err)}
	case "boot.fstab", "boot.crypttab":
		want := wish[lineWant](r, &err)
		s = lineStep{id: r.ID, area: suffix, title: "line in " + want.Table, want: want}
	case "kubelet.config":
		s = kubeletConfigStep{boot: o.boot, made: r.Made, want: wish[kubeletWant](r, &err)}
	case "kubelet.configdir":
		s = kubeletDirStep{boot: o.boot, late: o.late, made: r.Made, want: wish[kubeletDirWant](r, &err)}
	default:
		err = errors.New("it is not one that this version knows")
	}
	return s, fail.New(fail.Failed, "use step "+r.ID+" of the journal", err,
		"use the swapctl that wrote it, or a newer one")
}

// wish reads what a step was to make; what is wrong with it goes to err.
func wish[Want any](r step.Record, err *error) Want {
	var want Want
	*err = json.Unmarshal(r.Want, &want)
	return want
}

// isFile reports whether an area's path is that of a file: devices are below /dev.
func isFile(path string) bool { return !strings.HasPrefix(path, "/dev/") }
