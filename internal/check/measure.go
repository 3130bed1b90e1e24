package check

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// Bounds of the measurement: it ends with whichever comes first.
const (
	probeBytes  = 64 << 20 // of the temporary file
	probeBlock  = 4 << 10  // a page, which swap-in reads
	probeBlocks = 2000     // of each kind
	probeTime   = 2 * time.Second
	cryptTime   = 100 * time.Millisecond
)

// Latency is how long the disk takes for one page at a random position. A value
// is 0 if it was not measured.
type Latency struct {
	On                  string // what was measured: a file of ours, or a device, which is only read
	Read, ReadSlow      time.Duration
	Write, WriteSlow    time.Duration // the median and the 99th percentile
	BlocksRead, Written int
	Err                 error
}

// Encrypt is how long the kernel takes to encrypt one page.
type Encrypt struct {
	Cipher string
	Block  time.Duration
	Err    error
}

func measurements() []Check {
	return []Check{
		{
			ID: "swap-latency", Title: "How fast swap's disk is", Measures: true,
			Want: "a page read in less than 1 ms, and hardly ever in more than 10",
			Why:  "A process waits this long for each page that comes back from swap.",
			Says: []Status{Pass, Warn, Skip, Unknown}, Run: swapLatency,
		},
		{
			ID: "encryption-cost", Title: "What encryption costs", Measures: true,
			Want: "less than 100 µs for a page",
			Why:  "Each page is encrypted on its way out and decrypted on its way back, by the CPU.",
			Says: []Status{Pass, Warn, Skip, Unknown}, Run: encryptionCost,
		},
	}
}

const probe = "measure it: swapctl check --probe-disk"

func swapLatency(f *Facts) Finding {
	l := f.Measure.Latency
	switch {
	case !f.Measure.Asked:
		return skip("not measured; " + probe)
	case l.Err != nil:
		return unknown(l.Err.Error(), asRoot)
	}
	found := fmt.Sprintf("%s: %d random reads of 4 KiB took %s, one in a hundred over %s", l.On, l.BlocksRead, round(l.Read), round(l.ReadSlow))
	if l.Written > 0 {
		found += fmt.Sprintf("; %d writes %s, over %s", l.Written, round(l.Write), round(l.WriteSlow))
	}
	total := l.Read
	if len(f.Areas) == 0 || f.Areas[0].Stack.Encrypted() {
		total += f.Measure.Encrypt.Block
	}
	found += fmt.Sprintf("; a page that comes back from swap takes about %s, as long as %d pages from memory", round(total), int64(total/pageFromMemory))
	if l.Read >= time.Millisecond || l.ReadSlow >= 10*time.Millisecond {
		return warn(found, "put swap on a faster disk: swapctl setup --device /dev/disk/by-id/...")
	}
	return pass(found)
}

// pageFromMemory is roughly the time to copy a page in memory.
const pageFromMemory = time.Microsecond / 2

func encryptionCost(f *Facts) Finding {
	e := f.Measure.Encrypt
	switch {
	case !f.Measure.Asked:
		return skip("not measured; " + probe)
	case errors.Is(e.Err, errors.ErrUnsupported):
		return unknown(e.Err.Error()+" (CONFIG_CRYPTO_USER_API_SKCIPHER)", "measure it with cryptsetup: cryptsetup benchmark --cipher aes-xts-plain64 --key-size 512")
	case e.Err != nil:
		return unknown(e.Err.Error(), "measure it with cryptsetup: cryptsetup benchmark --cipher aes-xts-plain64 --key-size 512")
	}
	found := fmt.Sprintf("%s with a key of 512 bits: %s for a page of 4 KiB, %s a second on one CPU", e.Cipher, round(e.Block),
		bytesize.Format(int64(float64(probeBlock)/e.Block.Seconds())))
	if l := f.Measure.Latency; l.Read > 0 {
		found += fmt.Sprintf("; it makes a swap-in %.1f%% slower", 100*float64(e.Block)/float64(l.Read))
	}
	if e.Block >= 100*time.Microsecond {
		return warn(found, "use a CPU with AES instructions (grep -w aes /proc/cpuinfo)")
	}
	return pass(found)
}

func round(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return d.Round(100 * time.Nanosecond).String()
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// measure takes the measurements. It writes only to a file of its own, which is
// unlinked before it is written to.
func measure(ctx context.Context, h host.Host, f *Facts) Measured {
	m := Measured{Asked: true, Encrypt: Encrypt{Cipher: "xts(aes)"}}
	const keyBytes = 64
	m.Encrypt.Block, m.Encrypt.Err = h.Kernel.EncryptBlock(m.Encrypt.Cipher, keyBytes, probeBlock, cryptTime)
	device, dir := probePlace(h, f)
	if device != "" {
		m.Latency = measureDevice(ctx, h, device)
	} else {
		m.Latency = measureFile(ctx, h, dir)
	}
	return m
}

// probePlace chooses what to measure: the directory of the first area that is a
// file, else the disk partition of the first area, else the directory in which
// setup would make its file.
func probePlace(h host.Host, f *Facts) (device, dir string) {
	for _, a := range f.Areas {
		if file, ok := a.Stack.Find(kernel.KindFile); ok {
			return "", path.Dir(file.Path)
		}
	}
	for _, a := range f.Areas {
		if below, ok := a.Stack.Find(kernel.KindPartition, kernel.KindLVM, kernel.KindDisk, kernel.KindRAID); ok {
			return below.Path, ""
		}
	}
	for _, dir := range []string{"/var/lib/swapctl", "/var/lib"} {
		if _, err := h.Files.Stat(dir); err == nil {
			return "", dir
		}
	}
	return "", "/"
}

// measureDevice reads from the device below a swap area, bypassing the page
// cache.
func measureDevice(ctx context.Context, h host.Host, device string) Latency {
	l := Latency{On: device}
	file, err := h.Files.Open(device, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		l.Err = err
		return l
	}
	defer file.Close()
	size, err := h.Kernel.BlockDevice(file)
	if err != nil {
		l.Err = err
		return l
	}
	l.read(ctx, file, size.SizeBytes)
	return l
}

// measureFile writes and reads a temporary file in a directory.
func measureFile(ctx context.Context, h host.Host, dir string) Latency {
	name := path.Join(dir, fmt.Sprintf(".swapctl-probe-%d", rand.Uint64()))
	l := Latency{On: "a temporary file in " + dir}
	room, err := h.Kernel.Statfs(dir)
	if err == nil && room.AvailableBytes < 2*probeBytes {
		err = fmt.Errorf("%s has only %s left", dir, bytesize.Format(room.AvailableBytes))
	}
	if err != nil {
		l.Err = err
		return l
	}
	const excl = os.O_RDWR | os.O_CREATE | os.O_EXCL | unix.O_NOFOLLOW
	file, err := h.Files.Open(name, excl|unix.O_DIRECT, 0o600)
	if err != nil {
		l.Err = err
		return l
	}
	defer file.Close()
	if l.Err = h.Files.Remove(name); l.Err != nil { // so that nothing is left, whatever happens
		return l
	}
	size, err := fill(ctx, file)
	if l.Err = err; err == nil {
		l.write(ctx, file, size)
		l.read(ctx, file, size)
	}
	return l
}

// fill writes content to the file, as much as the time allows, so that reads go
// to the disk: the kernel knows that blocks which were only allocated are
// zeros.
func fill(ctx context.Context, file host.File) (size int64, err error) {
	chunk := aligned(1 << 20)
	for i := range chunk {
		chunk[i] = byte(rand.Uint32()) // random, so that the disk cannot compress it
	}
	for begin := time.Now(); size < probeBytes && time.Since(begin) < probeTime; size += int64(len(chunk)) {
		if err := ctx.Err(); err != nil {
			return size, err
		}
		if _, err := file.WriteAt(chunk, size); err != nil {
			return size, err
		}
	}
	return size, file.Sync()
}

func (l *Latency) write(ctx context.Context, file host.File, size int64) {
	times, err := timed(ctx, size, file.WriteAt)
	l.Written, l.Err = len(times), err
	l.Write, l.WriteSlow = quantiles(times)
}

func (l *Latency) read(ctx context.Context, file host.File, size int64) {
	times, err := timed(ctx, size, file.ReadAt)
	l.BlocksRead, l.Err = len(times), errors.Join(l.Err, err)
	l.Read, l.ReadSlow = quantiles(times)
}

// timed times one page after another, at random positions within size bytes.
func timed(ctx context.Context, size int64, do func([]byte, int64) (int, error)) ([]time.Duration, error) {
	block := aligned(probeBlock)
	var times []time.Duration
	for begin := time.Now(); len(times) < probeBlocks && time.Since(begin) < probeTime; {
		if err := ctx.Err(); err != nil {
			return times, err
		}
		at := rand.Int64N(max(size/probeBlock, 1)) * probeBlock
		start := time.Now()
		if _, err := do(block, at); err != nil {
			return times, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// quantiles are the median and the 99th percentile.
func quantiles(times []time.Duration) (median, slow time.Duration) {
	if len(times) == 0 {
		return 0, 0
	}
	slices.Sort(times)
	return times[len(times)/2], times[len(times)*99/100]
}

// aligned allocates memory for O_DIRECT: it starts on a page boundary.
func aligned(size int) []byte {
	buf := make([]byte, size+probeBlock)
	skip := probeBlock - int(uintptr(unsafe.Pointer(&buf[0]))%probeBlock)
	return buf[skip : skip+size]
}
