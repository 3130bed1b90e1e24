package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/kernel"
)

func swapChecks() []Check {
	return []Check{
		{
			ID: "swap-active", Title: "Swap is on",
			Want: "at least one area in /proc/swaps, and none on a control plane",
			Why:  "The kubelet reads the size of swap once, when it starts; a node without swap has none to give.",
			Says: []Status{Pass, Warn, Fail, Unknown}, Run: swapActive,
		},
		{
			ID: "swap-encrypted", Title: "Swap is encrypted",
			Want:  "dm-crypt on every way from an area down to a disk",
			Why:   "What a process has in memory, tokens and Secrets included, is written to the disk as it is, and stays there when the process has long ended.",
			Needs: []string{"swap-active"},
			Says:  []Status{Pass, Warn, Fail, Unknown}, Run: swapEncrypted,
		},
		{
			ID: "swap-stale-plaintext", Title: "No old swap in clear",
			Want: "no swap signature, in clear, on a disk or file that is not in use",
			Why:  "An area that was turned off keeps what was swapped out to it; whoever gets the disk can read it.",
			Says: []Status{Pass, Warn, Unknown}, Run: stalePlaintext,
		},
		{
			ID: "zram", Title: "No compressed memory as swap",
			Want: "no zram among the areas, nor at the next boot",
			Why:  "The kubelet counts zram as swap although it is memory, so that pods are promised what the node does not have.",
			Says: []Status{Pass, Warn, Unknown}, Run: zram,
			Preflight: Always,
		},
	}
}

func swapActive(f *Facts) Finding {
	switch {
	case errors.Is(f.SwapsErr, fs.ErrNotExist):
		return failed("/proc/swaps: no such file", "use a kernel with CONFIG_SWAP")
	case f.SwapsErr != nil:
		no, _ := f.noAreas()
		return no
	case len(f.Areas) == 0 && f.Kubelet.IsControlPlane():
		return Finding{Status: Pass, Found: "/proc/swaps: no area, as is advised for a control plane", Blocks: true}
	case len(f.Areas) == 0 && len(f.Boot.Awaited) > 0:
		return Finding{Status: Warn, Found: "/proc/swaps: no area, but swapctl is to bring back " + strings.Join(f.Boot.Awaited, ", "),
			Hint: "swapctl status; systemctl status swapctl.service", Blocks: true}
	case len(f.Areas) == 0:
		return Finding{Status: Warn, Found: "/proc/swaps: no area", Hint: "swapctl setup --size 4Gi --dry-run --explain", Blocks: true}
	}
	var all []string
	for _, a := range f.Areas {
		all = append(all, fmt.Sprintf("%s %s", a.Name(), bytesize.Format(a.SizeBytes)))
	}
	return pass("/proc/swaps: " + strings.Join(all, ", "))
}

// noAreas is the finding of checks of the areas, if these could not be read.
func (f *Facts) noAreas() (Finding, bool) {
	if f.SwapsErr == nil || errors.Is(f.SwapsErr, fs.ErrNotExist) {
		return Finding{}, false
	}
	return unknown(oneLine(f.SwapsErr.Error()), asRoot), true
}

// plainAreas are the areas that write unencrypted to a disk, or may do so. zram
// without a backing disk is memory.
func plainAreas(f *Facts) []Area {
	var plain []Area
	for _, a := range f.Areas {
		if !a.Stack.Encrypted() && (a.Stack.Kind != kernel.KindZram || len(a.Stack.Below) > 0) {
			plain = append(plain, a)
		}
	}
	return plain
}

func swapEncrypted(f *Facts) Finding {
	var good, weak, unseen, bad []string
	for _, a := range f.Areas {
		switch way := strings.Join(a.Stack.Describe(), " on "); {
		case a.Stack.Kind == kernel.KindZram && len(a.Stack.Below) == 0:
			good = append(good, way+" is memory")
		case a.Stack.Encrypted():
			text, ok := ciphers(a.Stack)
			if !ok {
				weak = append(weak, a.Name()+": "+text)
			} else {
				good = append(good, a.Name()+": "+text)
			}
		case len(a.Stack.PlainDisks()) == 0 && (a.StackErr != nil || isUnseen(a.Stack)):
			unseen = append(unseen, fmt.Sprintf("%s: %s, and further down nothing was seen", a.Name(), way))
		default:
			bad = append(bad, fmt.Sprintf("%s: %s", a.Name(), way))
		}
	}
	switch {
	case len(bad) > 0:
		return failed(strings.Join(bad, "; "), "turn it off and use an encrypted area: swapctl setup --size 4Gi (and see swap-stale-plaintext afterwards)")
	case len(unseen) > 0:
		return unknown(strings.Join(unseen, "; "), asRoot)
	case len(weak) > 0:
		return warn(strings.Join(weak, "; "), "use aes-xts-plain64 with a key of 512 bits, which setup has by default")
	}
	found := strings.Join(good, "; ")
	if f.Tuning.Zswap.Value == "Y" {
		found += "; zswap compresses in memory what goes there, and writes it through the same way"
	}
	return pass(found)
}

// isUnseen reports whether something below the area could not be read.
func isUnseen(l kernel.Layer) bool {
	unseen := false
	l.Walk(func(at kernel.Layer) bool {
		unseen = unseen || at.Unseen || at.Hidden || at.Kind == kernel.KindUnknown
		return true
	})
	return unseen
}

// ciphers describes the encryption, and reports whether it is strong: not ECB,
// where equal blocks look equal, and a key of at least 128 bits; xts splits its
// key in two.
func ciphers(l kernel.Layer) (text string, good bool) {
	good = true
	var all []string
	l.Walk(func(at kernel.Layer) bool {
		if at.Kind != kernel.KindCrypt || at.NullCipher {
			return true
		}
		switch {
		case at.Cipher == "":
			all = append(all, "dm-crypt by its UUID "+at.UUID+" (cipher and key size are for root to see)")
		default:
			strength := at.KeyBits
			if strings.Contains(at.Cipher, "-xts-") {
				strength /= 2
			}
			if strings.Contains(at.Cipher, "-ecb") || strength < 128 {
				good = false
			}
			all = append(all, fmt.Sprintf("%s, key of %d bits", at.Cipher, at.KeyBits))
		}
		return false
	})
	return strings.Join(all, "; "), good
}

func stalePlaintext(f *Facts) Finding {
	if no, ok := f.noAreas(); ok { // otherwise an active area would look as if it were off
		return no
	}
	var with, empty []string
	for _, s := range f.Leaks.Stale {
		switch {
		case s.Image:
			with = append(with, s.Path+" holds a hibernation image")
		case s.Data:
			with = append(with, s.Path+" is a swap area that is off, with data in it")
		default:
			empty = append(empty, s.Path+" is a swap area that was never used, as far as a few samples tell")
		}
	}
	switch {
	case len(with) > 0:
		path, _, _ := strings.Cut(with[0], " ")
		return warn(strings.Join(with, "; "), "look what it is: blkid -p "+path+"; then overwrite it (blkdiscard -z, or shred -n 1) or use it encrypted")
	case f.Leaks.StaleErr != nil:
		return unknown(f.Leaks.StaleErr.Error(), asRoot)
	case len(empty) > 0:
		return pass(strings.Join(empty, "; "))
	}
	return pass("no swap signature outside of areas that are on")
}

func zram(f *Facts) Finding {
	for _, a := range f.Areas {
		if _, ok := a.Stack.Find(kernel.KindZram); ok {
			return warn("/proc/swaps: "+a.Name()+" is "+strings.Join(a.Stack.Describe(), " on "), "swapoff "+a.Path+", and remove what makes it at boot"+zramMakers(f))
		}
	}
	if len(f.Boot.Zram) > 0 {
		return warn(strings.Join(f.Boot.Zram, ", ")+" makes zram at boot", "remove it, or the package zram-generator")
	}
	if no, ok := f.noAreas(); ok {
		return no
	}
	return pass("/proc/swaps: no zram, and nothing makes one at boot")
}

func zramMakers(f *Facts) string {
	if len(f.Boot.Zram) == 0 {
		return ""
	}
	return ": " + strings.Join(f.Boot.Zram, ", ")
}
