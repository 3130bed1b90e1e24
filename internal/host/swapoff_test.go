package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eatEnv makes the test binary a child that has its memory swapped out.
const eatEnv = "SWAPCTL_TEST_EAT_BYTES"

func TestMain(m *testing.M) {
	if status, ok := SwapOffMain(os.Args); ok {
		os.Exit(status)
	}
	if size, err := strconv.Atoi(os.Getenv(eatEnv)); err == nil {
		eat(size)
		return
	}
	os.Exit(m.Run())
}

// eat fills memory with a pattern, asks the kernel to swap it out, says so,
// waits for its input to end, and checks the pattern.
func eat(size int) {
	buf, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		fmt.Println("mmap:", err)
		return
	}
	for i := 0; i < size; i += 8 {
		buf[i] = byte(i>>12) + 1
	}
	if err := unix.Madvise(buf, unix.MADV_PAGEOUT); err != nil {
		fmt.Println("pageout:", err)
		return
	}
	fmt.Println("eaten")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	for i := 0; i < size; i += 8 {
		if buf[i] != byte(i>>12)+1 {
			fmt.Println("harmed at", i)
			return
		}
	}
	fmt.Println("unharmed")
}

// eaters starts children that together have n * size bytes swapped out. The
// kernel looks for signals between processes, hence several. The returned
// function ends them and reports harm.
func eaters(t *testing.T, n, size int) (end func()) {
	t.Helper()
	var ends []func()
	for range n {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), eatEnv+"="+strconv.Itoa(size))
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		said := func() string { lines.Scan(); return lines.Text() }
		ends = append(ends, func() {
			_ = in.Close()
			if s := said(); s != "unharmed" {
				t.Errorf("memory after swapoff: %q", s)
			}
			_ = c.Wait()
		})
		if s := said(); s != "eaten" {
			t.Skipf("cannot have memory swapped out here: %s", s)
		}
	}
	end = sync.OnceFunc(func() {
		for _, e := range ends {
			e()
		}
	})
	t.Cleanup(end)
	return end
}

// usedKiB is how much of the area is in use, -1 when it is off.
func usedKiB(t *testing.T, path string) int {
	t.Helper()
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(swaps)) {
		if f := strings.Fields(line); f[0] == path {
			n, _ := strconv.Atoi(f[3])
			return n
		}
	}
	return -1
}

func TestSwapOffCanBeInterruptedAndTakenUpAgain(t *testing.T) {
	t.Run("here", func(t *testing.T) { interrupted(t, linux{}.SwapOff) })
	t.Run("apart", func(t *testing.T) { interrupted(t, linux{}.SwapOffApart) })
}

func interrupted(t *testing.T, swapOff func(context.Context, string) error) {
	t.Helper()
	path := mkswap(t, t.TempDir(), 512<<20)
	k := linux{}
	if err := k.SwapOn(path, SwapPrefer|SwapPriorityMask); err != nil {
		t.Fatal(err)
	}
	end := eaters(t, 12, 32<<20)
	before := usedKiB(t, path)
	if before < 256<<10 {
		t.Skipf("only %d KiB were swapped out", before)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := swapOff(ctx, path)
	t.Logf("interrupted after %v: %d of %d KiB left, %v", time.Since(start), usedKiB(t, path), before, err)
	if !errors.Is(err, context.DeadlineExceeded) || !isOn(t, path) {
		t.Errorf("on %v, %v; want it still on, and the deadline", isOn(t, path), err)
	}
	if left := usedKiB(t, path); left == 0 || left > before {
		t.Errorf("%d of %d KiB left", left, before)
	}

	if err := swapOff(t.Context(), path); err != nil || isOn(t, path) {
		t.Errorf("second swapoff: %v", err)
	}
	end()
}

// As the kernel does when memory runs out.
func TestSwapOffApartLivesToSayThatItWasKilled(t *testing.T) {
	path := mkswap(t, t.TempDir(), 512<<20)
	k := linux{}
	if err := k.SwapOn(path, SwapPrefer|SwapPriorityMask); err != nil {
		t.Fatal(err)
	}
	end := eaters(t, 12, 32<<20)
	go func() {
		for range 1000 {
			if pid := childNamed(swapOffName); pid > 0 {
				_ = unix.Kill(pid, unix.SIGKILL)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if err := k.SwapOffApart(t.Context(), path); !errors.Is(err, ErrSwapOffKilled) || !isOn(t, path) {
		t.Errorf("on %v, %v; want it still on, and killed", isOn(t, path), err)
	}
	if err := k.SwapOffApart(t.Context(), path); err != nil || isOn(t, path) {
		t.Errorf("second swapoff: %v", err)
	}
	if err := k.SwapOffApart(t.Context(), path); !errors.Is(err, unix.EINVAL) {
		t.Errorf("of an area that is off: %v", err)
	}
	end()
}

// childNamed gives the process whose program was started under that name.
func childNamed(name string) int {
	processes, _ := files{}.ReadDir("/proc")
	for _, process := range processes {
		line, _ := os.ReadFile("/proc/" + process + "/cmdline")
		if first, _, _ := strings.Cut(string(line), "\x00"); first == name {
			pid, _ := strconv.Atoi(process)
			return pid
		}
	}
	return 0
}

func TestSwapOffSurvivesStraySignals(t *testing.T) {
	path := mkswap(t, t.TempDir(), 256<<20)
	k := linux{}
	if err := k.SwapOn(path, SwapPrefer|SwapPriorityMask); err != nil {
		t.Fatal(err)
	}
	end := eaters(t, 6, 32<<20)
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { // what Go's scheduler does now and then, to every thread, all the time
		for {
			threads, _ := files{}.ReadDir("/proc/self/task")
			for _, tid := range threads {
				n, _ := strconv.Atoi(tid)
				_ = unix.Tgkill(os.Getpid(), n, unix.SIGURG)
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	if err := k.SwapOff(t.Context(), path); err != nil || isOn(t, path) {
		t.Errorf("swapoff: %v", err)
	}
	close(stop)
	all.Wait()
	end()
}
