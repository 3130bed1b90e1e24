package machine

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// uml is User-Mode Linux: a kernel that runs as a normal process. It needs no
// emulated processor, so it boots ten times faster than the other lanes, but it
// is not a kernel of Debian's machines.
type uml struct {
	place place
	image string // file name in the images directory
}

func (u *uml) bootTimeout() time.Duration { return time.Minute }

func (u *uml) trouble() string { return "its console has all that is known" }

func (u *uml) again(context.Context) error { return nil }

// startsAnew: the kernel's own way, to execute itself again, sometimes loses
// the line to the agent.
func (u *uml) startsAnew() bool { return true }

func (u *uml) start(_ context.Context, agent, console *os.File) (*process, error) {
	cmd := u.place.command("/usr/bin/linux.uml",
		"umid=machine", "uml_dir="+machineInside+"/", "mem=1024M",
		"ubd0c="+machineInside+"/root.cow,"+imagesInside+"/"+u.image,
		"ubd1="+machineInside+"/b.img", "ubd2="+machineInside+"/c.img", "ubd3r="+machineInside+"/payload.img",
		"root=/dev/ubda", "rw", "con=null", "con0=null,fd:1", "ssl=null", "ssl0=fd:3",
		"quiet", "loglevel=5", "panic=-1", "random.trust_cpu=on",
		// Catch system calls of programs with seccomp, if the host has it,
		// instead of ptrace: that needs a third less processor time.
		"seccomp=auto",
		// Without the 256 BSD terminals, which udev would process at each boot:
		// that is half of its time.
		"pty.legacy_count=0")
	cmd.Stdout, cmd.Stderr = console, console
	cmd.ExtraFiles = []*os.File{agent}
	return processors.start(cmd)
}

// newUML makes the disks of a machine; the copy-on-write file of the root is made by the kernel itself.
func newUML(_ context.Context, o Options, dir string) (emulator, error) {
	if err := scratchDisks(dir); err != nil {
		return nil, err
	}
	if err := payloadDisk(filepath.Join(dir, "payload.img"), o.Payload); err != nil {
		return nil, err
	}
	return &uml{place: place{root: o.Tools, images: o.Images, machine: dir}, image: o.Image}, nil
}
