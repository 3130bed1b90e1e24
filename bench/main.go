// Command bench compares swapctl with the commands that an administrator would
// type. Both run in turn, in changing order, on this machine; it prints medians
// and their ratios. It needs root, and these programs: fallocate, mkswap,
// swapon, dd, mkfs.ext4, mount. Run it with 'make bench'.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

const journal = "/var/lib/swapctl/journal"

// pair is one comparison: two ways to the same result, each with a command that
// undoes it.
type pair struct {
	name         string
	ours, theirs task
	goal         float64 // the largest share of their time that ours may take
}

// task is a command line, and the one that undoes its effect.
type task struct{ do, undo []string }

func sh(script string, args ...any) []string {
	return []string{"sh", "-ec", fmt.Sprintf(script, args...)}
}

func main() {
	swapctl := flag.String("swapctl", "bin/swapctl", "binary to measure")
	runs := flag.Int("runs", 11, "paired runs of each set-up")
	starts := flag.Int("starts", 101, "paired runs of the start-up")
	zeros := flag.Int("zeros", 1024, "MiB of zeros to write; 0: leave that out")
	dir := flag.String("dir", "/var/lib/swapctl-bench", "directory to work in; must not exist")
	flag.Parse()
	if err := bench(*swapctl, *dir, *runs, *starts, *zeros); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(swapctl, dir string, runs, starts, zeros int) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("swap areas need root: sudo make bench")
	}
	if _, err := os.Stat(journal); err == nil {
		return fmt.Errorf("swapctl has set up this machine already (%s); the benchmark leaves that alone", journal)
	}
	swapctl, err := filepath.Abs(swapctl)
	if err != nil {
		return err
	}
	binary, err := os.Stat(swapctl)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	fmt.Printf("binary: %.2f MB (goal: at most 12)\n\n", float64(binary.Size())/1e6)
	fmt.Printf("%-34s %10s %10s %7s %7s %6s %9s\n", "median of paired runs, ms", "swapctl", "theirs", "ratio", "of min", "goal", "peak MiB")
	version := pair{name: "start: version / swapon --show", goal: 2.5,
		ours: task{do: []string{swapctl, "version"}}, theirs: task{do: []string{"swapon", "--show"}}}
	if err := version.compare(starts); err != nil {
		return err
	}
	for _, mib := range []int{64, 1024, 4096, 8192} {
		if err := setUp(swapctl, dir, mib).compare(runs); err != nil {
			return err
		}
	}
	if zeros == 0 {
		return nil
	}
	return compareZeros(swapctl, dir, zeros, max(3, runs/2))
}

// setUp compares setup of a plain swap file, with the journal and its fsyncs,
// with the usual recipe.
func setUp(swapctl, dir string, mib int) pair {
	file := filepath.Join(dir, "swap")
	return pair{
		name: fmt.Sprintf("set up %d MiB / shell recipe", mib), goal: 0.8,
		ours: task{
			[]string{swapctl, "setup", "-q", "--encrypt=false", "--persist=none", fmt.Sprintf("--size=%dMi", mib), "--path=" + file},
			[]string{swapctl, "teardown", "-q"},
		},
		theirs: task{
			sh("fallocate -l %dM %[2]s; chmod 600 %[2]s; mkswap %[2]s >/dev/null; swapon %[2]s", mib, file),
			sh("swapoff %[1]s; rm %[1]s", file),
		},
	}
}

// compareZeros compares where fallocate cannot be used: ext4 without extents.
func compareZeros(swapctl, dir string, mib, runs int) error {
	image, point := filepath.Join(dir, "image"), filepath.Join(dir, "mnt")
	prepare := sh("truncate -s %dM %[2]s; mkfs.ext4 -q -O ^extent,^64bit %[2]s; mkdir %[3]s; mount -o loop %[2]s %[3]s; chmod 755 %[3]s",
		2*mib+mib/2, image, point)
	if err := runCommand(prepare).err; err != nil {
		return fmt.Errorf("make an ext4 without extents: %w", err)
	}
	defer func() { _ = runCommand(sh("umount %s", point)) }()
	p := setUp(swapctl, point, mib)
	p.name, p.goal = fmt.Sprintf("write %d MiB of zeros / dd recipe", mib), 0.65
	file := filepath.Join(point, "swap")
	p.theirs.do = sh("dd if=/dev/zero of=%[2]s bs=1M count=%[1]d status=none; chmod 600 %[2]s; mkswap %[2]s >/dev/null; swapon %[2]s", mib, file)
	return p.compare(runs)
}

// compare runs both ways in turn, changing which is first, and prints a row.
func (p pair) compare(runs int) error {
	var ours, theirs []time.Duration
	var peakKiB int64
	for i := range runs + 1 {
		order := []*task{&p.ours, &p.theirs}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, t := range order {
			m := t.measure()
			if m.err != nil {
				return m.err
			}
			switch {
			case i == 0: // the first pair warms the caches
			case t == &p.ours:
				ours, peakKiB = append(ours, m.took), max(peakKiB, m.peakKiB)
			default:
				theirs = append(theirs, m.took)
			}
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	fmt.Printf("%-34s %10.2f %10.2f %7.2f %7.2f %6.2f %9.1f\n", p.name, ms(median(ours)), ms(median(theirs)),
		ms(median(ours))/ms(median(theirs)), ms(ours[0])/ms(theirs[0]), p.goal, float64(peakKiB)/1024)
	return nil
}

type measured struct {
	took    time.Duration
	peakKiB int64
	err     error
}

// measure times only do; undo and the sync of dirty pages are not counted.
func (t *task) measure() measured {
	if t.undo != nil {
		syscall.Sync()
	}
	m := runCommand(t.do)
	if m.err == nil && t.undo != nil {
		m.err = runCommand(t.undo).err
	}
	return m
}

func runCommand(argv []string) measured {
	cmd := exec.Command(argv[0], argv[1:]...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	m := measured{took: time.Since(begin)}
	if err != nil {
		m.err = fmt.Errorf("%v: %w\n%s", argv, err, out)
		return m
	}
	m.peakKiB = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	return m
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
