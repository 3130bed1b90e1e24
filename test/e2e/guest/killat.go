package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// syscallNumbers are the system calls before which stories kill a program, by
// the names that strace uses.
func syscallNumbers() map[string]uint64 {
	return map[string]uint64{
		"write": unix.SYS_WRITE, "pwrite64": unix.SYS_PWRITE64, "fsync": unix.SYS_FSYNC,
		"fdatasync": unix.SYS_FDATASYNC, "rename": unix.SYS_RENAME, "renameat": unix.SYS_RENAMEAT,
		"renameat2": unix.SYS_RENAMEAT2, "unlink": unix.SYS_UNLINK, "unlinkat": unix.SYS_UNLINKAT,
		"openat": unix.SYS_OPENAT, "mkdirat": unix.SYS_MKDIRAT, "ioctl": unix.SYS_IOCTL,
		"fallocate": unix.SYS_FALLOCATE, "swapon": unix.SYS_SWAPON, "swapoff": unix.SYS_SWAPOFF,
		"keyctl": unix.SYS_KEYCTL, "add_key": unix.SYS_ADD_KEY, "close": unix.SYS_CLOSE,
		"ftruncate": unix.SYS_FTRUNCATE, "linkat": unix.SYS_LINKAT, "sendmsg": unix.SYS_SENDMSG,
	}
}

// killAt runs a command under ptrace and sends SIGKILL when any of its threads
// is about to make the N-th of the given system calls; that call does not
// happen. strace's own injection counts for each thread separately, which does
// not work for a Go program, whose goroutines change threads. Programs that it
// starts are not followed. At the end it prints "kill-at: killed" or "kill-at:
// finished N calls" to its stderr; its exit status is that of the command (137
// if killed).
func killAt(args []string) error {
	if len(args) < 3 {
		return errors.New("kill-at needs SYSCALL[,SYSCALL] N COMMAND")
	}
	set := map[uint64]bool{}
	for name := range strings.SplitSeq(args[0], ",") {
		number, known := syscallNumbers()[name]
		if !known {
			return fmt.Errorf("kill-at does not know the call %q", name)
		}
		set[number] = true
	}
	when, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("kill-at: cannot read %q as a number", args[1])
	}
	runtime.LockOSThread() // ptrace is bound to a thread
	cmd := exec.Command(args[2], args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	t := &tracer{leader: cmd.Process.Pid, set: set, when: when, inside: map[int]bool{}}
	status, err := t.run()
	if err != nil {
		return err
	}
	if t.killed {
		fmt.Fprintln(os.Stderr, "kill-at: killed")
	} else {
		fmt.Fprintf(os.Stderr, "kill-at: finished %d calls\n", t.seen)
	}
	os.Exit(exitStatus(status))
	return nil
}

// tracer follows all threads of one process.
type tracer struct {
	leader int
	set    map[uint64]bool
	when   int
	seen   int
	killed bool
	inside map[int]bool // threads that are inside of a call: their next stop is its return
}

const traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL

// run controls the process until it ends and returns how it ended.
func (t *tracer) run() (syscall.WaitStatus, error) {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(t.leader, &status, 0, nil); err != nil {
		return status, fmt.Errorf("cannot wait for the start: %w", err)
	}
	if err := syscall.PtraceSetOptions(t.leader, traceOptions); err != nil {
		return status, fmt.Errorf("cannot trace: %w", err)
	}
	if err := syscall.PtraceSyscall(t.leader, 0); err != nil {
		return status, fmt.Errorf("cannot trace: %w", err)
	}
	for {
		thread, err := syscall.Wait4(-1, &status, syscall.WALL, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return status, fmt.Errorf("cannot wait: %w", err)
		}
		if status.Exited() || status.Signaled() {
			delete(t.inside, thread)
			if thread == t.leader {
				return status, nil
			}
			continue
		}
		if t.stopped(thread, status) {
			t.killed = true
			if err := syscall.Kill(t.leader, syscall.SIGKILL); err != nil {
				return status, fmt.Errorf("cannot kill: %w", err)
			}
		}
	}
}

// stopped handles one stop of one thread and lets it continue; true means that
// this is the moment to kill.
func (t *tracer) stopped(thread int, status syscall.WaitStatus) bool {
	signal := status.StopSignal()
	pass := 0
	switch {
	case signal == syscall.SIGTRAP|0x80:
		t.inside[thread] = !t.inside[thread]
		if t.inside[thread] && t.counts(thread) {
			return true
		}
	case signal == syscall.SIGTRAP, signal == syscall.SIGSTOP: // report of a clone or exec; the first stop of a thread
	default:
		pass = int(signal)
	}
	_ = syscall.PtraceSyscall(thread, pass) // fails if the thread has ended, which the next wait reports
	return false
}

func (t *tracer) counts(thread int) bool {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &regs) != nil || !t.set[regs.Orig_rax] {
		return false
	}
	t.seen++
	return t.seen == t.when
}
