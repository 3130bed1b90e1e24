package swapfile

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swapctl/swapctl/internal/host"
)

// Writes zeros, as for an encrypted file or where fallocate(2) is of no use, and
// alternates with what administrators type: dd. The ratio of the medians should
// be at most 0.65, the memory of the whole process at most 16 MiB.
//
//	go test -run - -bench WritesZeros -benchtime 11x ./internal/swapfile
func BenchmarkWritesZeros(b *testing.B) {
	needRoot(b)
	needTools(b, "dd")
	const size = 1 << 30
	b.Run("encrypted", func(b *testing.B) {
		pairWithDD(b, host.Linux(), realDir(b), size, Written)
	})
	b.Run("ext4-without-extents", func(b *testing.B) {
		pairWithDD(b, host.Linux(), mounted(b, 4*size, "", "mkfs.ext4", "-q", "-O", "^extent,^64bit"), size, Reserved)
	})
}

func pairWithDD(b *testing.B, h host.Host, dir string, size int64, blocks Blocks) {
	var theirs, ours []time.Duration
	path := filepath.Join(dir, "swapfile")
	timed := func(do func()) time.Duration {
		_ = os.Remove(path)
		runtime.GC()
		run(b, "sync", "-f", dir)
		start := time.Now()
		do()
		return time.Since(start)
	}
	for b.Loop() {
		theirs = append(theirs, timed(func() {
			run(b, "dd", "if=/dev/zero", "of="+path, "bs=1M", "count="+strconv.FormatInt(size/mib, 10), "conv=fsync", "status=none")
		}))
		ours = append(ours, timed(func() {
			if err := Make(context.Background(), h, path, size, blocks, nil, nil); err != nil {
				b.Fatal(err)
			}
		}))
	}
	b.ReportMetric(float64(median(ours))/float64(median(theirs)), "of-dd")
	b.ReportMetric(float64(size)/mib/median(ours).Seconds(), "MiB/s")
	b.ReportMetric(float64(peakKiB(b))/1024, "peak-MiB")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// peakKiB returns the peak memory of this process so far.
func peakKiB(b *testing.B) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kib
}
