package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/fstab"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/systemd"
)

func bootChecks() []Check {
	return []Check{
		{
			ID: "swap-persistent", Title: "Swap comes back after a reboot, as it is now",
			Want:  "for each area swapctl.service, a .swap unit or a line in /etc/fstab, that leads to the same area",
			Why:   "After a reboot without swap, pods that lived by it are killed. And a line that names what lies below an encrypted area turns that on in clear.",
			Needs: []string{"swap-active"},
			Says:  []Status{Pass, Warn, Fail, Unknown}, Run: persistent,
		},
		{
			ID: "swap-before-kubelet", Title: "At boot swap comes before the kubelet",
			Want:  "swap units, which systemd starts before all services, or a unit with Before= and the kubelet's unit",
			Why:   "The kubelet reads the size of swap when it starts. When swap comes later, it gives none until it is started again.",
			Needs: []string{"swap-persistent"},
			Says:  []Status{Pass, Warn, Skip}, Run: beforeKubelet,
		},
		{
			ID: "swap-units-masked", Title: "Nothing keeps swap off",
			Want: "no swap unit linked to /dev/null, and no systemd.swap=0",
			Why:  "Recipes that prepare a node for Kubernetes mask these units; what /etc/fstab says then has no effect.",
			Says: []Status{Pass, Warn, Fail, Unknown}, Run: masked,
		},
		turnedOffCheck(),
		leftoversCheck(),
		forgetfulCheck(),
		{
			ID: "hibernation", Title: "No suspending to disk",
			Want: "no resume device: 0:0 in /sys/power/resume, no resume= on the kernel command line",
			Why:  "An image of all memory would be written to the swap area in clear, or, where a random key encrypts the area, could never be read again.",
			Says: []Status{Pass, Warn, Unknown}, Run: hibernation,
		},
	}
}

// lineFor returns the boot line that turns the area on.
func (f *Facts) lineFor(a Area) (BootLine, bool) {
	for _, l := range f.Boot.Lines {
		if !l.NoAuto && !l.Unused && l.means(a.Stack) {
			return l, true
		}
	}
	return BootLine{}, false
}

// means reports whether the line turns on exactly this block device or file.
func (l BootLine) means(at kernel.Layer) bool {
	switch {
	case l.Everything && strings.HasPrefix(at.Path, l.What):
		return true
	case l.What == at.Path, at.Mapping != "" && l.What == "/dev/mapper/"+at.Mapping:
		return true
	case at.Kind == kernel.KindFile:
		return l.Exists && at.Ino != 0 && l.Stat.Ino == at.Ino && l.Stat.Dev == at.Dev
	}
	return l.Dev != 0 && l.Dev == at.Dev
}

// inClear returns a line that turns on the unencrypted device or file below an
// encrypted area.
func (f *Facts) inClear() (l BootLine, below string, found bool) {
	for _, a := range f.Areas {
		if !a.Stack.Encrypted() {
			continue
		}
		for _, line := range f.Boot.Lines {
			if line.NoAuto || line.Unused {
				continue
			}
			a.Stack.Walk(func(at kernel.Layer) bool {
				if at.Path != a.Stack.Path && line.means(at) && !found {
					l, below, found = line, at.Path, true
				}
				return !found
			})
		}
	}
	return l, below, found
}

func persistent(f *Facts) Finding {
	if l, below, found := f.inClear(); found {
		return failed(fmt.Sprintf("%s turns on %s, which lies below an encrypted area, in clear", l.From, below),
			l.takeOut()+"; then let swapctl setup bring the area back")
	}
	var good, bad, hints []string
	for _, a := range f.Areas {
		were := len(bad)
		line, ok := f.lineFor(a)
		_, keyed := f.Boot.Crypttab[a.Stack.Mapping]
		switch {
		case a.LateMount != "":
			bad = append(bad, a.Name()+" is on a file system that comes late at boot, or not at all: "+a.LateMount+f.afterMount(a))
		case a.Managed && f.Boot.Service != "":
			good = append(good, f.Boot.Service+" for "+a.Name())
		case ok && a.Stack.Mapping != "" && a.Stack.Kind == kernel.KindCrypt && !keyed:
			bad = append(bad, line.From+" turns on "+a.Name()+", which /etc/crypttab does not make")
		case ok:
			good = append(good, line.From+" for "+a.Name())
		case a.Stack.Kind == kernel.KindZram && len(f.Boot.Zram) > 0:
			good = append(good, f.Boot.Zram[0]+" for "+a.Name())
		default:
			bad = append(bad, "nothing brings back "+a.Name())
		}
		if len(bad) > were {
			hints = append(hints, f.bringBack(a))
		}
	}
	switch {
	case len(bad) > 0 && f.Boot.Unseen != nil:
		return unknown(oneLine(f.Boot.Unseen.Error()), asRoot)
	case len(bad) > 0:
		found := strings.Join(bad, "; ") + " (looked at /etc/fstab, swap units" + service(f) + ")"
		return Finding{Status: Warn, Found: found, Hint: hints[0], Blocks: true}
	}
	return pass(strings.Join(good, "; "))
}

// afterMount says that swap on a mount that is late comes with it.
func (f *Facts) afterMount(a Area) string {
	if !a.Managed || f.Boot.Service == "" || !f.Boot.Mounted {
		return ""
	}
	return "; " + systemd.Mounted + " turns it on then, and a kubelet that runs by then has to be restarted"
}

// bringBack is the command by which an area that is on comes back at boot. Swap that
// somebody made by hand setup would refuse to promise without --adopt; a line of fstab does
// for it as well.
func (f *Facts) bringBack(a Area) string {
	size := fmt.Sprint(a.SizeBytes + f.PageBytes) // with its header
	switch below := a.Stack.Below; {
	case a.LateMount != "":
		return "use a file system that a boot mounts with the others: swapctl setup --size " + size + " --path /var/lib/swapctl/swapfile"
	case a.Stack.Kind == kernel.KindCrypt && len(below) > 0:
		for below[0].Kind == kernel.KindLoop && len(below[0].Below) > 0 {
			below = below[0].Below
		}
		setup := "let swapctl bring it back: swapctl setup --persist systemd --name " + a.Stack.Mapping
		if below[0].Kind == kernel.KindFile {
			return setup + " --size " + size + " --path " + below[0].Path
		}
		return setup + " --device " + below[0].Path
	case a.Stack.Kind == kernel.KindFile:
		return fmt.Sprintf("let swapctl take it over as it is: swapctl setup --adopt --encrypt=false --path %s; or have fstab bring it back: echo '%s none swap sw 0 0' >> /etc/fstab; systemctl daemon-reload",
			a.Stack.Path, fstab.Escape(a.Stack.Path))
	}
	return fmt.Sprintf("have fstab bring it back: echo \"UUID=$(blkid -s UUID -o value %s) none swap sw 0 0\" >> /etc/fstab; systemctl daemon-reload", a.Stack.Path)
}

// takeOut is the command that removes the line from the boot.
func (l BootLine) takeOut() string {
	file, number, isLine := strings.Cut(l.From, " line ")
	unit := l.From[strings.LastIndexByte(l.From, '/')+1:]
	switch {
	case isLine && file == "/etc/fstab":
		return fmt.Sprintf("take that line out: sed -i '%ss/^/#/' %s; systemctl daemon-reload", number, file)
	case strings.HasPrefix(l.From, "/run/systemd/generator"):
		return "systemd made that unit by itself, so keep it off: systemctl mask " + unit
	case strings.HasSuffix(l.From, ".swap"):
		return "keep that unit off: systemctl disable " + unit
	}
	return "take it out: ${EDITOR:-vi} " + file
}

func service(f *Facts) string {
	if f.Boot.Service == "" {
		return ", swapctl.service is not enabled"
	}
	return ", " + f.Boot.Service
}

func beforeKubelet(f *Facts) Finding {
	if !f.Kubelet.Found {
		return skip("no kubelet was found on this node")
	}
	if f.Kubelet.Unit == "" {
		return skip("no unit of systemd starts the kubelet")
	}
	for _, a := range f.Areas {
		if a.Managed && f.Boot.Service != "" && !slices.Contains(f.Boot.Before, f.Kubelet.Unit) {
			return warn(fmt.Sprintf("%s has no Before=%s", f.Boot.Service, f.Kubelet.Unit), "say so in a drop-in: systemctl edit swapctl.service")
		}
	}
	return pass("what brings swap back is ordered before " + f.Kubelet.Unit)
}

func masked(f *Facts) Finding {
	found := strings.Join(f.Boot.Masked, ", ")
	if found != "" {
		found += " (a link to /dev/null)"
	}
	hint := "systemctl unmask " + unitNames(f.Boot.Masked)
	commands := []string{hint}
	if f.Boot.GenOff != "" {
		found = strings.TrimPrefix(found+"; "+f.CommandLine.File+" has "+f.Boot.GenOff, "; ")
		hint, commands = "take "+f.Boot.GenOff+" off the kernel command line", nil
	}
	needs, isNeeded := f.needsUnits()
	switch {
	case found == "" && f.Boot.MasksErr != nil:
		return unknown(oneLine(f.Boot.MasksErr.Error()), asRoot)
	case found == "":
		return pass("no swap unit below " + systemd.Units + " and " + systemd.Runtime + " is masked")
	case isNeeded:
		return failed(found+", and "+needs.From+" has swap", hint).fixedBy(commands...)
	}
	return warn(found, hint+", or let swapctl bring swap back by its own unit: swapctl setup --size 4Gi --persist systemd").fixedBy(commands...)
}

// needsUnits is swap that systemd's swap units turn on at boot.
func (f *Facts) needsUnits() (BootLine, bool) {
	for _, l := range f.Boot.Lines {
		if !l.NoAuto && !l.Unused && !l.ByProgram {
			return l, true
		}
	}
	return BootLine{}, false
}

func unitNames(links []string) string {
	var names []string
	for _, l := range links {
		names = append(names, l[strings.LastIndexByte(l, '/')+1:])
	}
	return strings.Join(names, " ")
}

func hibernation(f *Facts) Finding {
	h := f.Boot.Hibernate
	const hint = "a node does not hibernate: take resume= off the kernel command line, or add nohibernate"
	switch {
	case h.Off:
		return pass(f.CommandLine.File + " has nohibernate or noresume")
	case h.Word != "":
		return warn(f.CommandLine.File+" has "+h.Word, hint)
	case h.Resume.Missing():
		return pass(h.Resume.String() + " (this kernel cannot)")
	case h.Resume.Err != nil:
		return unknown(h.Resume.String(), asRoot)
	case h.Resume.Value != "0:0":
		return warn(h.Resume.String()+", "+h.Disk.String(), hint+"; take RESUME= out of /etc/initramfs-tools/conf.d/resume")
	}
	return pass(h.Resume.String() + " (no device)")
}
