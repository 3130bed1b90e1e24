// Command guest is the only program of the test harness inside a machine. It is
// the agent that does what the host asks, the /init of the small initramfs, and
// the workloads and small tools that stories need.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// command is one subcommand: it gets the arguments after its name.
type command struct {
	name, usage string
	run         func(args []string) error
}

func commands() []command {
	return []command{
		{"agent", "serve the host over the serial line", agent},
		{"init", "as /init of an initramfs: load modules, mount the root, start its init", initramfs},
		{"payload", "unpack the tar on the payload disk into /", payload},
		{"flush", "write back everything, swap included, and wait until it is on the disks", flush},
		{"hog", "fill memory with a pattern and have it swapped out", hogStart},
		{"hog-status", "NAME: print the hog's numbers", hogAsk("status")},
		{"hog-reclaim", "NAME: push the hog's memory out again", hogAsk("reclaim")},
		{"hog-verify", "NAME: read back every page and compare", hogAsk("verify")},
		{"hog-stop", "NAME: end the hog and remove its group", hogStop},
		{"hog-run", "(internal) the hog itself", hogRun},
		{"kill-at", "SYSCALL[,SYSCALL] N COMMAND...: SIGKILL the command at its N-th such call", killAt},
	}
}

func main() {
	if os.Getpid() == 1 {
		fail(initramfs(nil))
	}
	args := os.Args[1:]
	if name := filepath.Base(os.Args[0]); name != "guest" && name != "exe" {
		args = append([]string{name}, args...) // called by one of the links in the image
	}
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				fail(c.run(args[1:]))
				return
			}
		}
	}
	fmt.Fprintln(os.Stderr, "usage: guest COMMAND ARGS...")
	for _, c := range commands() {
		fmt.Fprintf(os.Stderr, "  %-12s %s\n", c.name, c.usage)
	}
	os.Exit(2)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest: error:", err)
		os.Exit(1)
	}
}
