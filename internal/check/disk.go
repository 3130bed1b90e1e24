package check

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/swapctl/swapctl/internal/kernel"
)

func diskChecks() []Check {
	return []Check{
		{
			ID: "swap-device-dedicated", Title: "Swap has a disk of its own",
			Want:  "a partition or logical volume on a disk that neither the system nor the kubelet nor containers use",
			Why:   "While a node swaps, everything else on that disk waits; and to swap to a file needs memory in the file system just when there is none.",
			Needs: []string{"swap-active"},
			Says:  []Status{Pass, Warn, Unknown}, Run: dedicated,
		},
		{
			ID: "swap-device-rotational", Title: "Swap is on a fast local disk",
			Want:  "queue/rotational 0, and no disk behind a network",
			Why:   "Swapping is thousands of small random reads: a spinning disk takes milliseconds for each, and one behind a network fails just when memory for the network is short.",
			Needs: []string{"swap-active"},
			Says:  []Status{Pass, Warn, Unknown}, Run: rotational,
		},
		sideEffectsCheck(),
	}
}

// disksOf are the disks of all areas, each once, with the areas on them.
func disksOf(f *Facts) (disks []Disk, areas map[string]string) {
	areas = map[string]string{}
	for _, a := range f.Areas {
		for _, d := range f.Disks.OfAreas[a.Path] {
			if _, ok := areas[d.Path]; !ok {
				disks = append(disks, d)
				areas[d.Path] = a.Name()
			}
		}
	}
	return disks, areas
}

func dedicated(f *Facts) Finding {
	var bad, unseen []string
	for _, a := range f.Areas {
		if file, ok := a.Stack.Find(kernel.KindFile); ok {
			bad = append(bad, a.Name()+" is in the file "+file.Path)
		}
		if len(a.Stack.Disks()) == 0 && a.Stack.Kind != kernel.KindZram {
			unseen = append(unseen, a.Name()+": "+strings.Join(a.Stack.Describe(), " on "))
		}
	}
	disks, areas := disksOf(f)
	for _, d := range disks {
		if dirs := f.dirsOn(d); len(dirs) > 0 {
			bad = append(bad, areas[d.Path]+" shares "+d.Path+" with "+strings.Join(dirs, ", "))
		}
	}
	switch {
	case len(bad) > 0:
		return warn(strings.Join(bad, "; "), "give swap a disk of its own: swapctl setup --device /dev/disk/by-id/...")
	case len(unseen) > 0:
		return unknown(strings.Join(unseen, "; ")+": no disk was seen below", asRoot)
	case len(disks) == 0:
		return pass("swap is memory (zram)")
	}
	return pass(names(disks) + ": nothing else that matters lies there")
}

// dirsOn are the directories that matter and lie on the disk, sorted.
func (f *Facts) dirsOn(d Disk) []string {
	var dirs []string
	for dir, disks := range f.Disks.OfDirs {
		if slices.ContainsFunc(disks, func(o Disk) bool { return o.Path == d.Path }) {
			dirs = append(dirs, dir)
		}
	}
	sort.Strings(dirs)
	return dirs
}

func names(disks []Disk) string {
	all := map[string]bool{}
	for _, d := range disks {
		all[d.Path] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), ", ")
}

func rotational(f *Facts) Finding {
	disks, _ := disksOf(f)
	var slow, unseen, fast []string
	for _, d := range disks {
		switch {
		case d.Kind == kernel.KindNetwork:
			slow = append(slow, d.Path+" is behind a network")
		case d.Rotational.Err != nil:
			unseen = append(unseen, d.Rotational.String())
		case d.Rotational.Value == "0":
			fast = append(fast, d.Rotational.String())
		case d.Virtual:
			unseen = append(unseen, d.Rotational.String()+" (a virtual disk, which says nothing of what is below it)")
		default:
			slow = append(slow, d.Rotational.String())
		}
	}
	const measure = "measure it: swapctl check --probe-disk"
	switch {
	case len(slow) > 0:
		return warn(strings.Join(slow, "; "), "put swap on a local SSD; "+measure)
	case len(unseen) > 0:
		return unknown(strings.Join(unseen, "; "), measure)
	case len(fast) == 0 && allZram(f):
		return pass("swap is memory (zram)")
	case len(fast) == 0:
		return unknown("no disk was seen below the swap areas", asRoot)
	}
	return pass(strings.Join(fast, "; "))
}

func allZram(f *Facts) bool {
	for _, a := range f.Areas {
		if a.Stack.Kind != kernel.KindZram {
			return false
		}
	}
	return true
}
