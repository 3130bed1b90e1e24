package area

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// InClear is the warning of an area without encryption.
const InClear = "swap without encryption: what is in memory, Secrets of pods included, can be read from the disk later"

// Warnings are what a person should know although it stops nothing.
func (a Area) Warnings(h host.Host) []string {
	var w []string
	if text := OnElsewhere(h, a.Target()); text != "" {
		w = append(w, text)
	}
	if !a.Encrypt {
		w = append(w, InClear)
	}
	if kind, unstable := kernel.UnstableName(a.Device); a.Device != "" && unstable {
		w = append(w, unstableWarning(h, a.Device, kind))
	}
	if a.Encrypt && a.Discard != "none" {
		w = append(w, "discards pass through the encryption: the disk shows which blocks are in use")
	}
	return append(w, a.sideEffects(h)...)
}

// sideEffects are what swap there does to other things, with the usual cure.
func (a Area) sideEffects(h host.Host) []string {
	stacks := kernel.NewStacks(h)
	top := kernel.Layer{Kind: kernel.KindFile, Path: a.Path}
	if a.Device != "" {
		st, err := ResolveDevice(h, a.Device)
		if err != nil {
			return nil
		}
		top, _ = stacks.Device(st.Rdev) // what could be found out
	} else if m, err := kernel.MountOf(h, a.Path); err == nil {
		top.FSType = m.FSType
		top.Below, _ = stacks.Dir(m.Point)
	}
	var said []string
	top.Walk(func(l kernel.Layer) bool {
		if text := kernel.SwapSideEffect(h, l); text != "" {
			said = append(said, text)
		}
		return true
	})
	return said
}

func unstableWarning(h host.Host, device, kind string) string {
	text := fmt.Sprintf("%s is a %s and may mean another device after a reboot", device, kind)
	if name := StableName(h, device); name != "" {
		text += "; its name that stays is " + name
	}
	return text
}
