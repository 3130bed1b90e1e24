package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// hogOptions say what a hog does. A limit of zero means no limit.
type hogOptions struct {
	group, pattern     string
	bytes, minSwapped  int64
	max, high, swapMax string
	reclaim            bool
}

func parseHog(args []string) (hogOptions, error) {
	var o hogOptions
	var size, least string
	flags := flag.NewFlagSet("hog", flag.ContinueOnError)
	flags.StringVar(&o.group, "cgroup", "hog", "name of the control group to make, below the root")
	flags.StringVar(&size, "bytes", "200Mi", "how much memory to fill")
	flags.StringVar(&o.pattern, "pattern", "SWAPCTL-CANARY", "text that every page carries")
	flags.StringVar(&o.max, "memory-max", "", "memory.max of the group")
	flags.StringVar(&o.high, "memory-high", "", "memory.high of the group")
	flags.StringVar(&o.swapMax, "swap-max", "", "memory.swap.max of the group")
	flags.StringVar(&least, "min-swapped", "-1", "fail when less is swapped out at the end (default: 9/10 of bytes)")
	flags.BoolVar(&o.reclaim, "reclaim", true, "ask the kernel to push everything out (memory.reclaim)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("hog: unexpected argument %q", flags.Arg(0))
	}
	var err error
	if o.bytes, err = parseBytes(size); err != nil {
		return o, err
	}
	o.minSwapped = o.bytes / 10 * 9
	if least != "-1" {
		o.minSwapped, err = parseBytes(least)
	}
	return o, err
}

// parseBytes parses 200Mi, 1Gi, 64Ki or a number of bytes.
func parseBytes(text string) (int64, error) {
	shift := 0
	number := text
	for suffix, bits := range map[string]int{"Ki": 10, "Mi": 20, "Gi": 30} {
		if rest, found := strings.CutSuffix(text, suffix); found {
			number, shift = rest, bits
		}
	}
	var value int64
	if _, err := fmt.Sscanf(number, "%d", &value); err != nil || fmt.Sprint(value) != number {
		return 0, fmt.Errorf("cannot read the size %q", text)
	}
	return value << shift, nil
}

func hogSocket(group string) string { return "/run/hog-" + group + ".sock" }

// hogStart makes the group, starts the hog in it, and returns when the memory
// is filled and swapped out. The hog keeps running and answers hog-verify and
// the like. It prints one JSON document.
func hogStart(args []string) error {
	options, err := parseHog(args)
	if err != nil {
		return err
	}
	group, err := makeGroup(options)
	if err != nil {
		return err
	}
	directory, err := os.Open(group)
	if err != nil {
		return err
	}
	defer directory.Close()
	log, err := os.Create("/run/hog-" + options.group + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("/usr/local/bin/guest", append([]string{"hog-run"}, args...)...)
	cmd.Stderr = log
	ready, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: int(directory.Fd())}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the hog: %w", err)
	}
	line, err := bufio.NewReader(ready).ReadString('\n')
	if err != nil {
		cmd.Process.Kill()
		waited := cmd.Wait()
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("the hog ended early (%w): %s", waited, text)
	}
	return printAnswer(line)
}

func makeGroup(o hogOptions) (string, error) {
	// An error means that the controller is already on or does not exist; the
	// writes below show which.
	_ = os.WriteFile(groupRoot+"/cgroup.subtree_control", []byte("+memory"), 0o644)
	path := filepath.Join(groupRoot, o.group)
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("cannot make the group: %w", err)
	}
	for file, value := range map[string]string{"memory.max": o.max, "memory.high": o.high, "memory.swap.max": o.swapMax} {
		if value == "" {
			continue
		}
		if number, err := parseBytes(value); err == nil {
			value = fmt.Sprint(number)
		}
		if err := os.WriteFile(filepath.Join(path, file), []byte(value), 0o644); err != nil {
			return "", fmt.Errorf("cannot set %s: %w", file, err)
		}
	}
	return path, nil
}

// hogAnswer is the state that a hog reports.
type hogAnswer struct {
	Group        string `json:"cgroup"`
	Bytes        int64  `json:"bytes"`
	CurrentBytes int64  `json:"currentBytes"`
	SwappedBytes int64  `json:"swappedBytes"`
	Verified     bool   `json:"verified"`
	Seconds      string `json:"seconds"`
	Error        string `json:"error,omitempty"`
}

func printAnswer(line string) error {
	var answer hogAnswer
	if err := json.Unmarshal([]byte(line), &answer); err != nil {
		return fmt.Errorf("cannot read the hog's answer %q: %w", line, err)
	}
	fmt.Println(strings.TrimSpace(line))
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

// hogAsk returns the subcommand that sends one word to a running hog and prints its answer.
func hogAsk(word string) func([]string) error {
	return func(args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("hog-%s needs the name of the group", word)
		}
		line, err := ask(args[0], word)
		if err != nil {
			return err
		}
		return printAnswer(line)
	}
}

func ask(group, word string) (string, error) {
	line, err := net.DialTimeout("unix", hogSocket(group), 5*time.Second)
	if err != nil {
		return "", fmt.Errorf("cannot reach the hog of %s: %w", group, err)
	}
	defer line.Close()
	if _, err := fmt.Fprintln(line, word); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(line).ReadString('\n')
	if errors.Is(err, io.EOF) {
		return "", fmt.Errorf("the hog of %s died instead of answering", group)
	}
	return answer, err
}

// hogStop ends the hog and waits until its group is gone.
func hogStop(args []string) error {
	if len(args) != 1 {
		return errors.New("hog-stop needs the name of the group")
	}
	path := filepath.Join(groupRoot, args[0])
	if err := os.WriteFile(path+"/cgroup.kill", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("cannot end the hog: %w", err)
	}
	var err error
	for range 200 {
		if err = os.Remove(path); err == nil || errors.Is(err, os.ErrNotExist) {
			_ = os.Remove("/run/hog-" + args[0] + ".log")
			_ = os.Remove(hogSocket(args[0]))
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("cannot remove the group: %w", err)
}
