// Command impostor calls itself kubelet in TestImpostorsAreNeitherRunNorBelieved.
// Whoever runs it finds its path, and who ran it, in /run/ran. As a daemon it says
// so by a file and stays.
//
//	HUGE=BYTES  gives it a command line and an environment of that size
//	BECOME=root has it take root's user ID, as sudo does; it must have the bit
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	if slices.Contains(os.Args, "--version") || slices.Contains(os.Args, "version") {
		note("/run/ran/", os.Args)
		fmt.Println("Kubernetes v1.33.3")
		return
	}
	if os.Getenv("BECOME") == "root" {
		must(syscall.Setresgid(0, 0, 0))
		must(syscall.Setresuid(0, 0, 0))
	}
	if size, err := strconv.Atoi(os.Getenv("HUGE")); err == nil {
		grow(size)
	}
	note("/run/here/", os.Args)
	time.Sleep(time.Hour)
}

// note makes a file that says who we are.
func note(dir string, args []string) {
	name := fmt.Sprintf("%s%d", dir, os.Getpid())
	text := fmt.Sprintf("%s as %d: %.200q\n", filepath.Clean(os.Args[0]), os.Geteuid(), args)
	must(os.WriteFile(name, []byte(text), 0o644))
}

// grow moves the command line and the environment, as the kernel shows them, to a
// large piece of memory that takes up none (prctl(2), PR_SET_MM_MAP: no privilege
// is needed).
func grow(size int) {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS|syscall.MAP_NORESERVE)
	must(err)
	copy(memory, strings.Join(os.Args, "\x00")+"\x00")
	start := uint64(uintptr(unsafe.Pointer(&memory[0])))
	stat, err := os.ReadFile("/proc/self/stat")
	must(err)
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	field := func(n int) uint64 {
		v, err := strconv.ParseUint(fields[n-3], 10, 64)
		must(err)
		return v
	}
	brk, _, _ := syscall.Syscall(syscall.SYS_BRK, 0, 0, 0)
	m := struct {
		startCode, endCode, startData, endData, startBrk, brk, startStack, argStart, argEnd, envStart, envEnd uint64
		auxv                                                                                                  uint64
		auxvSize, exeFD                                                                                       uint32
	}{field(26), field(27), field(45), field(46), field(47), uint64(brk), field(28), start, start + uint64(size), start, start + uint64(size), 0, 0, ^uint32(0)}
	const prSetMM, prSetMMMap = 35, 14
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, prSetMM, prSetMMMap, uintptr(unsafe.Pointer(&m)), unsafe.Sizeof(m), 0, 0); errno != 0 {
		must(errno)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
