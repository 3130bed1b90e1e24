// Command work is the only program in the containers of stories: what keeps a pod's sandbox, and workloads.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const usage = "usage: work sleep | work hold MIB | work exit STATUS"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "work:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == "sleep" {
		sleep()
		return nil
	}
	if len(args) != 2 {
		return fmt.Errorf("%s", usage)
	}
	number, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "exit":
		os.Exit(number)
	case "hold":
		return hold(number)
	}
	return fmt.Errorf("%s", usage)
}

// sleep ends when it is asked to: the kernel does nothing with a signal for the first process of a PID namespace that
// this did not ask for.
func sleep() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
}

// hold fills memory, says so, and then reads all of it every second, so that what was swapped out comes back. Bytes that
// changed on the way are an error.
func hold(mib int) error {
	memory, err := syscall.Mmap(-1, 0, mib<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return fmt.Errorf("cannot get %d MiB: %w", mib, err)
	}
	const page = 4096
	for at := 0; at < len(memory); at += page {
		memory[at], memory[at+page-1] = byte(at/page), byte(at/page>>8)
	}
	fmt.Println("holds", mib, "MiB")
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	for {
		select {
		case <-end:
			return nil
		case <-time.After(time.Second):
		}
		for at := 0; at < len(memory); at += page {
			if memory[at] != byte(at/page) || memory[at+page-1] != byte(at/page>>8) {
				return fmt.Errorf("page %d came back changed", at/page)
			}
		}
		fmt.Println("read", mib, "MiB")
	}
}
