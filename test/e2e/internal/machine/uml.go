package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Cluster is the lane whose machines are the nodes of one cluster.
const Cluster = "cluster"

// IsUML tells whether the machines of a lane are User-Mode Linux.
func IsUML(lane string) bool { return lane == "uml" || lane == Cluster }

// uml is User-Mode Linux: a kernel that is a plain process. It needs no emulation of a processor, so it boots ten times
// faster than the other lanes, but it is neither of Debian's kernels.
type uml struct {
	place place
	image string // file name in the images directory
	node  *Node  // or nil
}

func (u *uml) bootTimeout() time.Duration { return time.Minute }

func (u *uml) trouble() string { return "its console has all that is known" }

func (u *uml) again(context.Context) error { return nil }

// startsAnew: the kernel's own way, to execute itself again, sometimes loses
// the line to the agent.
func (u *uml) startsAnew() bool { return true }

func (u *uml) start(_ context.Context, agent, console *os.File) (*process, error) {
	memory, own, network := 1024, []string(nil), (*Network)(nil)
	if u.node != nil {
		memory, network = u.node.Memory, u.node.Network
		// A tap device hands over one packet at a time; the depth lets several be under way.
		own = []string{
			"vec0:transport=tap,ifname=" + tap(u.node.Name) + ",depth=128,gro=1",
			"systemd.hostname=" + u.node.Name, "e2e.address=" + u.node.Address, "e2e.gateway=" + GatewayAddress,
		}
	}
	cmd := u.place.command(slices.Concat([]string{"/usr/bin/linux.uml",
		"umid=machine", "uml_dir=" + machineInside + "/", fmt.Sprintf("mem=%dM", memory),
		"ubd0c=" + machineInside + "/root.cow," + imagesInside + "/" + u.image,
		"ubd1=" + machineInside + "/b.img", "ubd2=" + machineInside + "/c.img", "ubd3r=" + machineInside + "/payload.img",
		"root=/dev/ubda", "rw", "con=null", "con0=null,fd:1", "ssl=null", "ssl0=fd:3",
		"quiet", "loglevel=5", "panic=-1", "random.trust_cpu=on",
		// Catch system calls of programs with seccomp, if the host has it,
		// instead of ptrace: that needs a third less processor time.
		"seccomp=auto",
		// Without 256 terminals of BSD, which udev would look at in each boot: half of its time.
		"pty.legacy_count=0"}, own)...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.ExtraFiles = []*os.File{agent}
	return processors.start(cmd, network)
}

// newUML makes the disks of a machine; the copy-on-write file of the root is made by the kernel itself.
func newUML(_ context.Context, o Options, dir string) (emulator, error) {
	if err := scratchDisks(dir); err != nil {
		return nil, err
	}
	if err := payloadDisk(filepath.Join(dir, "payload.img"), o.Payload); err != nil {
		return nil, err
	}
	return &uml{place: place{root: o.Tools, images: o.Images, machine: dir}, image: o.Image, node: o.Node}, nil
}
