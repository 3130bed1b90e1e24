// Package area has the steps of a swap area: the file or device, the
// encryption, the header, and the active swap.
package area

import (
	"os"
	"strconv"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// Area is one swap area with all decisions made: the user's configuration,
// applied to a node.
type Area struct {
	config.Area // with the size in bytes

	Suffix    string // suffix of its step IDs: "" or "@bridge"
	SizeBytes int64  // of the file or device
	Erase     bool   // the content of the file or device may be lost
	Force     bool   // the file may be more than half of its file system
	Adopt     bool   // existing swap, not encrypted, may be adopted
	// Untagged: an encrypted device without a tag, as older versions of swapctl
	// made it.
	Untagged bool
	Restarts string // the kubelet's unit, which counts the swap when it starts
	Sector   int    // encryption sector size in bytes, 0 for the largest that fits

	known knownFile
}

// knownFile is what the journal records of the file of an area.
type knownFile struct {
	want      fileWant
	encrypted bool
}

// Know reads what the journal records of the area with that suffix.
func (a *Area) Know(j step.Journal) {
	a.known = knownFile{encrypted: j.Record("swap.crypt" + a.Suffix).Ours()}
	a.known.want, _ = step.WantOf[fileWant](j.Record("swap.file" + a.Suffix)) // what cannot be read is not one of ours
}

// KnowTag finds out whether the journal records a tag of the device. A boot
// does not change what an older swapctl made; setup does.
func (a *Area) KnowTag(j step.Journal) {
	was, ours := step.WantOf[deviceWant](j.Record("swap.device" + a.Suffix))
	a.Untagged = ours && !was.Tagged
}

// BackingOf is the file or device of a record, if it has one.
func BackingOf(r step.Record) (backing, suffix string, ok bool) {
	kind, suffix := step.SplitID(r.ID)
	switch kind {
	case "swap.file":
		want, ok := step.WantOf[fileWant](r)
		return want.Path, suffix, ok
	case "swap.device":
		want, ok := step.WantOf[deviceWant](r)
		return want.Device, suffix, ok
	case "swap.on":
		if Adopted(r) { // the file or device is somebody else's
			target, ok := OnTarget(r)
			return target.Path, suffix, ok
		}
	}
	return "", "", false
}

// fileWant is the file that the area needs. An existing file keeps its blocks:
// active swap is not turned off, and gigabytes are not written, because a
// setting or another version of the program would have made it differently. But
// a file that becomes encrypted is turned off in any case.
func (a Area) fileWant() fileWant {
	want := fileWant{Path: a.Path, SizeBytes: a.SizeBytes, Written: a.Encrypt && a.Preallocation != "falloc"}
	if was := a.known.want; was.Path == want.Path && was.SizeBytes == want.SizeBytes && (was.Written || a.known.encrypted) {
		want.Written = was.Written
	}
	return want
}

// Resolve decides what the configuration leaves open: the size in bytes on this
// node.
func Resolve(h host.Host, asked config.Area) (Area, error) {
	a := Area{Area: asked}
	return a, a.Find(h)
}

// Find decides what is still open, with what else is known of the area by now.
func (a *Area) Find(h host.Host) (err error) {
	if a.Sector, err = a.SectorSizeBytes(); err != nil {
		return err
	}
	if a.Device != "" {
		a.Path = ""
		a.SizeBytes, err = deviceBytes(h, a.Device, a.ReservedBytes())
		return err
	}
	size, err := sizeOf(h, a.Size)
	if err != nil {
		return err
	}
	page := int64(h.Kernel.PageSize())
	a.SizeBytes = size / page * page
	switch pages := a.SizeBytes / page; {
	case pages < swapfile.MinPages:
		return config.Invalid("size", sizeHint, "%d bytes is too small: the minimum of a swap area is %d", size, swapfile.MinPages*page)
	case pages > swapfile.MaxPages:
		return config.Invalid("size", "choose a smaller --size", "%s is more than the maximum of a swap area, %s", bytesize.Format(size), bytesize.Format(swapfile.MaxPages*page))
	}
	a.setSize(a.SizeBytes)
	return nil
}

func (a *Area) setSize(bytes int64) {
	a.SizeBytes, a.Size = bytes, strconv.FormatInt(bytes, 10)
}

// sizeOf is the requested size in bytes. The memory is read only for a
// percentage, because every setup runs this.
func sizeOf(h host.Host, asked string) (int64, error) {
	size, err := bytesize.Parse(asked)
	if isShare(asked) {
		memory, memoryErr := readMemory(h)
		if memoryErr != nil {
			return 0, memoryErr
		}
		size, _, err = bytesize.ParseShare(asked, memory.TotalBytes)
	}
	if err != nil {
		return 0, config.Invalid("size", bytesize.Hint("--size", asked, sizeHint), "%w", err)
	}
	return size, nil
}

// sizeHint is the hint for an invalid size.
const sizeHint = "for example --size 4Gi, or --size 50% of the node's memory"

func deviceBytes(h host.Host, device string, reserved int64) (int64, error) {
	if _, err := ResolveDevice(h, device); err != nil {
		return 0, err
	}
	op := "use the device " + device
	f, err := h.Files.Open(device, os.O_RDONLY, 0)
	if err != nil {
		return 0, fail.New(fail.Failed, op, err)
	}
	defer f.Close()
	d, err := h.Kernel.BlockDevice(f)
	if err == nil && d.SizeBytes < reserved+swapfile.MinPages*int64(h.Kernel.PageSize()) {
		return 0, fail.Newf(fail.Usage, op, "it has %d bytes, too few for a swap area", d.SizeBytes).
			Hint("lsblk shows every device and its size")
	}
	return d.SizeBytes, fail.New(fail.Failed, op, err)
}

// ReservedBytes is the part at the start of a device that the encryption leaves
// free for the tag.
func (a Area) ReservedBytes() int64 {
	if a.Device == "" || !a.Encrypt || a.Untagged {
		return 0
	}
	return swapfile.ReservedBytes
}

// Target is what the kernel swaps to.
func (a Area) Target() Target {
	if a.Encrypt {
		return Target{Path: a.Backing(), Mapping: a.Name}
	}
	return Target{Path: a.Backing()}
}

// Lower is the step of the file or device, which a reboot does not undo.
func (a Area) Lower() step.Step {
	if a.Device == "" {
		return step.Of(&fileStep{area: a.Suffix, want: a.fileWant(),
			encrypted: a.Encrypt, erase: a.Erase, force: a.Force, adopt: a.adopts()})
	}
	return step.Of(&deviceStep{area: a.Suffix, want: deviceWant{Device: a.Device, SizeBytes: a.SizeBytes, Tagged: a.ReservedBytes() > 0},
		encrypted: a.Encrypt, erase: a.Erase, adopt: a.adopts()})
}

// Upper are the steps on top of it. Each needs the one before.
func (a Area) Upper() []step.Step {
	file := a.Device == ""
	var steps []step.Step
	if a.Encrypt {
		steps = append(steps, step.Of(&cryptStep{area: a.Suffix, file: file, want: crypt.Mapping{
			Name: a.Name, Backing: a.Backing(), Cipher: a.Cipher, KeyBits: a.KeySize,
			SectorBytes: a.Sector, Discards: a.Discard != "none", OffsetBytes: a.ReservedBytes()}}))
	}
	return append(steps,
		step.Of(&headerStep{area: a.Suffix, file: file, want: headerWant{a.Target()}}),
		step.Of(&onStep{area: a.Suffix, want: onWant{Target: a.Target(), Priority: a.Priority, Discard: a.Discard}, restarts: a.Restarts, adopt: a.adopts()}))
}

// Kinds are the step kinds of this package.
func Kinds() step.Kinds {
	return step.Kinds{fileKind(), deviceKind(), cryptKind(), headerKind(), onKind()}
}
