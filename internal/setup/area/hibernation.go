package area

import (
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// CheckHibernation refuses encryption with a key that is lost at the end of the
// boot on a node that is configured to hibernate: the image would be written
// with that key, and could never be read. logind's answer about hibernation
// does not help (systemd 252 and 257 say the same of an area with and without
// such a key).
func (a Area) CheckHibernation(h host.Host) error {
	if !a.Encrypt {
		return nil
	}
	found, err := a.hibernation(h)
	if err != nil || found == "" {
		return fail.New(fail.Failed, "find out whether this node hibernates", err)
	}
	return fail.Newf(fail.Usage, "encrypt swap with a key that is not stored", "this node is set up to hibernate (%s), and could not resume", found).
		Hint("a Kubernetes node does not hibernate: take that setting away (resume= of the kernel command line, /etc/initramfs-tools/conf.d/resume)").
		Hint("or give hibernation up for this area: --ignore-hibernation").
		Hint("or leave encryption out: --encrypt=false")
}

// hibernation returns the evidence that the node would hibernate into the area,
// "" if there is none. Other areas encrypted with such a key do not matter: the
// key is in memory, and is restored with it.
func (a Area) hibernation(h host.Host) (string, error) {
	words, err := kernel.ReadCommandLine(h)
	if err != nil {
		return "", err
	}
	hib := kernel.ReadHibernation(h, words)
	switch {
	case hib.Off:
		return "", nil
	case hib.Word != "":
		return hib.Word + " on the kernel command line", nil
	case hib.Resume.Err != nil && !hib.Resume.Missing():
		return "", hib.Resume.Err
	case hib.Resume.Missing() || a.Device == "": // a kernel that cannot, or a file
		return "", nil
	}
	// Set by the initramfs or systemd: on many nodes the installer's swap
	// partition, which is off since then.
	st, err := h.Files.Stat(a.Device)
	if err != nil || kernel.DeviceNumber(st.Rdev) != hib.Resume.Value {
		return "", err
	}
	return "/sys/power/resume names " + a.Device, nil
}
