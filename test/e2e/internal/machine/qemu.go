package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// qemu is a machine with Debian's own kernel on an emulated processor.
type qemu struct {
	options Options
	place   place
	resume  bool     // continue from the snapshot at the next start
	resumed bool     // the last start did
	monitor *os.File // our end of the line to QEMU's monitor
}

// bootTimeout: continuing from a snapshot takes half a second on an idle host.
func (q *qemu) bootTimeout() time.Duration {
	if q.resume {
		return 30 * time.Second
	}
	return 5 * time.Minute
}

func (q *qemu) startsAnew() bool { return false }

// qemuRecipe is everything that a snapshot depends on besides the image and the
// emulator itself. Only a machine with exactly the same hardware can continue
// from a snapshot.
func qemuRecipe(kernel, initrd string) []string {
	return []string{
		"-accel", "tcg,thread=multi,tb-size=512",
		"-machine", "q35,hpet=off,sata=off,smbus=off",
		"-cpu", "max,-la57,-cx16", "-smp", "2", "-m", "2048",
		"-nodefaults", "-no-user-config", "-display", "none",
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-kernel", imagesInside + "/" + kernel, "-initrd", imagesInside + "/" + initrd,
		"-append", "console=ttyS0 root=/dev/vda rw quiet loglevel=5 panic=-1 random.trust_cpu=on mitigations=off" +
			" audit=0 init_on_alloc=0 lsm=landlock,yama nowatchdog no_timer_check", // the last: an emulated timer may be late
		"-drive", "file=" + machineInside + "/root.qcow2,if=none,id=root,format=qcow2,cache=unsafe,discard=unmap",
		"-device", "virtio-blk-pci,drive=root,serial=root",
		"-drive", "file=" + machineInside + "/b.img,if=none,id=b,format=raw,cache=unsafe,discard=unmap",
		"-device", "virtio-blk-pci,drive=b,serial=scratchb",
		"-drive", "file=" + machineInside + "/c.img,if=none,id=c,format=raw,cache=unsafe,discard=unmap",
		"-device", "virtio-blk-pci,drive=c,serial=scratchc",
		"-drive", "file=" + machineInside + "/payload.img,if=none,id=payload,format=raw,readonly=on",
		"-device", "virtio-blk-pci,drive=payload,serial=payload",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=agent,fd=3",
		"-device", "virtserialport,chardev=agent,name=agent",
		"-device", "virtio-rng-pci",
	}
}

func (q *qemu) start(_ context.Context, agent, console *os.File) (*process, error) {
	args := append([]string{"/usr/bin/qemu-system-x86_64"}, qemuRecipe(q.options.Kernel, q.options.Initrd)...)
	if q.resume {
		args = append(args, "-incoming", "file:"+imagesInside+"/"+q.options.Warm+"/ram")
	}
	q.resumed, q.resume = q.resume, false
	ours, theirs, err := line()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	if q.monitor != nil {
		q.monitor.Close()
	}
	q.monitor = ours
	args = append(args, "-chardev", "socket,id=monitor,fd=4", "-mon", "chardev=monitor,mode=control")
	cmd := q.place.command(args...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = console, console, []*os.File{agent, theirs}
	return start(cmd, nil)
}

func (q *qemu) trouble() string { return "its monitor says " + stateOf(q.monitor) }

// again continues from the snapshot once more, with a new root disk, or boots
// from the disk.
func (q *qemu) again(ctx context.Context) error {
	if !q.resumed {
		return nil
	}
	q.resume = true
	return q.makeRoot(ctx)
}

// newQEMU makes the disks of a machine; its root disk is on top of the image
// or, to save the boot, of the snapshot's root disk.
func newQEMU(ctx context.Context, o Options, dir string) (emulator, error) {
	q := &qemu{options: o, place: place{root: o.Tools, images: o.Images, machine: dir}, resume: o.Warm != ""}
	if err := scratchDisks(dir); err != nil {
		return nil, err
	}
	if err := payloadDisk(filepath.Join(dir, "payload.img"), o.Payload); err != nil {
		return nil, err
	}
	return q, q.makeRoot(ctx)
}

func (q *qemu) makeRoot(ctx context.Context) error {
	below, format := q.options.Image, "raw"
	if q.options.Warm != "" {
		below, format = q.options.Warm+"/root.qcow2", "qcow2"
	}
	_, err := q.place.run(ctx, "/usr/bin/qemu-img", "create", "-q", "-f", "qcow2",
		"-b", imagesInside+"/"+below, "-F", format, machineInside+"/root.qcow2")
	return err
}

// WarmRecipe is what a snapshot depends on besides the image and the emulator,
// for the keys of caches.
func WarmRecipe() string {
	return fmt.Sprint(qemuRecipe("", ""), scratchSize, payloadSize, warmCache, "2")
}

// Warm boots a machine, waits until it is idle, and saves it in dir: the state
// of its processors and memory (ram) and its root disk (root.qcow2). A machine
// with Options.Warm continues from there in a few seconds. This is migration to
// a file and not savevm, because savevm would need scratch disks in QEMU's own
// format, which no other program can search.
func Warm(ctx context.Context, o Options, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	o.Warm = ""
	made, err := New(ctx, o)
	if err != nil {
		return err
	}
	defer made.Close()
	m := made.(*machine)
	if err := m.Boot(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, m.Console())
	}
	if err := quieten(ctx, m); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, m.stop) // this also ends the monitor line, which has no time limit of its own
	defer stop()
	if err := saveState(ctx, m.emulator.(*qemu).monitor, machineInside+"/ram"); err != nil {
		return fmt.Errorf("cannot save the machine: %w", err)
	}
	<-m.proc.done
	return exec.CommandContext(ctx, "mv", filepath.Join(m.dir, "ram"), filepath.Join(m.dir, "root.qcow2"), dir).Run()
}

// quieten waits for the end of the boot, reads what stories will use into the
// page cache, and waits until no write to the disks is pending.
func quieten(ctx context.Context, m *machine) error {
	state, err := m.Settle(ctx)
	if err != nil {
		return err
	}
	if state != "running" {
		return fmt.Errorf("the machine is %s after its boot:\n%s", state, m.Journal(ctx))
	}
	_, err = m.Exec(ctx, Command{Args: []string{"bash", "-c", warmCache}, Timeout: 2 * time.Minute})
	return err
}

// warmCache reads programs that stories use, so that every machine has them in
// the page cache from the start.
const warmCache = `cat /usr/sbin/{cryptsetup,dmsetup,losetup,mkswap,swapon,swapoff,mkfs.*,mke2fs,blkid} /usr/bin/{systemctl,journalctl,bash,cat,ls,mount,umount,find,sed,awk,grep} /usr/lib/modules/*/kernel/{fs/xfs,fs/btrfs,drivers/md,drivers/block}/*.ko* >/dev/null 2>&1; sleep 2; sync; guest flush`
