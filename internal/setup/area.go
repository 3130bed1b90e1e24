package setup

import (
	"encoding/json"
	"os"
	"strconv"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/crypt"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/step"
	"github.com/swapctl/swapctl/internal/swapfile"
)

// area is one swap area, fully decided: a Config held against a node.
type area struct {
	suffix    string // of its step IDs: "" or "@bridge"
	config    Config // with the size in bytes
	sizeBytes int64  // of the file or device
	sector    int
	erase     bool
	force     bool
	untagged  bool   // an encrypted device as an older swapctl used it: all of it
	restarts  string // the kubelet's unit, which counts the swap when it starts
	known     knownFile
}

// knownFile is what the journal knows of the file of an area.
type knownFile struct {
	want      fileWant
	encrypted bool
}

// know reads it.
func (a *area) know(j step.Journal) {
	a.known = knownFile{encrypted: j.Record("swap.crypt" + a.suffix).Ours()}
	if r := j.Record("swap.file" + a.suffix); r.Ours() {
		_ = json.Unmarshal(r.Want, &a.known.want) // what cannot be read is none of ours, and build says so
	}
}

// fileWant is the file that the area needs. One that is there already keeps the
// blocks that it has: swap that is on does not come down, and gigabytes are not
// written, because a setting or another version of the program would have made it
// otherwise. But one that becomes encrypted comes down in any case.
func (a area) fileWant() fileWant {
	c := a.config
	want := fileWant{Path: c.Path, SizeBytes: a.sizeBytes, Written: c.Encrypt && c.Preallocation != "falloc"}
	if was := a.known.want; was.Path == want.Path && was.SizeBytes == want.SizeBytes && (was.Written || a.known.encrypted) {
		want.Written = was.Written
	}
	return want
}

// resolve decides what a Config leaves open: the size in bytes of this node.
func resolve(h host.Host, c Config) (area, error) {
	a := area{config: c}
	var err error
	if a.sector, err = c.sectorBytes(); err != nil {
		return a, err
	}
	if c.Device != "" {
		a.config.Path = ""
		a.sizeBytes, err = deviceBytes(h, c.Device, a.reservedBytes())
		return a, err
	}
	size, err := c.sizeBytes(h)
	if err != nil {
		return a, err
	}
	page := int64(h.Kernel.PageSize())
	a.sizeBytes = size / page * page
	switch pages := a.sizeBytes / page; {
	case pages < swapfile.MinPages:
		return a, field("size", sizeHint, "%d bytes are too few: a swap area has at least %d", size, swapfile.MinPages*page)
	case pages > swapfile.MaxPages:
		return a, field("size", "choose a smaller --size", "%s is more than a swap area can have: the most is %s", bytesize.Format(size), bytesize.Format(swapfile.MaxPages*page))
	}
	a.config.Size = strconv.FormatInt(a.sizeBytes, 10)
	return a, nil
}

// sizeBytes is the size that was asked for. The memory is read only for a share
// of it: this is on the way of every setup.
func (c Config) sizeBytes(h host.Host) (int64, error) {
	size, err := bytesize.Parse(c.Size)
	if isShare(c.Size) {
		memory, memoryErr := readMemory(h)
		if memoryErr != nil {
			return 0, memoryErr
		}
		size, _, err = bytesize.ParseShare(c.Size, memory.TotalBytes)
	}
	if err != nil {
		return 0, field("size", sizeHint, "%w", err)
	}
	return size, nil
}

// sizeHint is for sizes that are none.
const sizeHint = "for example --size 4Gi, or --size 50% of the node's memory"

func deviceBytes(h host.Host, device string, reserved int64) (int64, error) {
	if _, err := resolveDevice(h, device); err != nil {
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

// backing is the file or device.
func (a area) backing() string {
	if a.config.Device != "" {
		return a.config.Device
	}
	return a.config.Path
}

// reservedBytes is what the encryption leaves free at the start of a device, for
// the tag.
func (a area) reservedBytes() int64 {
	if a.config.Device == "" || !a.config.Encrypt || a.untagged {
		return 0
	}
	return swapfile.ReservedBytes
}

func (a area) target() target {
	if a.config.Encrypt {
		return target{Path: a.backing(), Mapping: a.config.Name}
	}
	return target{Path: a.backing()}
}

// lower is the step of the file or device, which a reboot does not lose.
func (a area) lower() step.Step {
	c := a.config
	if c.Device == "" {
		return fileStep{area: a.suffix, want: a.fileWant(),
			encrypted: c.Encrypt, erase: a.erase, force: a.force}
	}
	return deviceStep{area: a.suffix, want: deviceWant{Device: c.Device, SizeBytes: a.sizeBytes, Tagged: a.reservedBytes() > 0},
		encrypted: c.Encrypt, erase: a.erase}
}

// upper are the steps on top of it. Each stands on the one before.
func (a area) upper() []step.Step {
	c, file := a.config, a.config.Device == ""
	var steps []step.Step
	if c.Encrypt {
		steps = append(steps, cryptStep{area: a.suffix, file: file, want: crypt.Mapping{
			Name: c.Name, Backing: a.backing(), Cipher: c.Cipher, KeyBits: c.KeySize,
			SectorBytes: a.sector, Discards: c.Discard != "none", OffsetBytes: a.reservedBytes()}})
	}
	return append(steps,
		headerStep{area: a.suffix, file: file, want: headerWant{a.target()}},
		onStep{area: a.suffix, want: onWant{target: a.target(), Priority: c.Priority, Discard: c.Discard}, restarts: a.restarts})
}
