package check

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// Verdict is what happens first when memory runs short.
type Verdict string

// The verdicts.
const (
	SwapFirst   Verdict = "SwapFirst"   // the kernel swaps, and eviction follows if that is not enough
	Contested   Verdict = "Contested"   // either may happen first
	EvictFirst  Verdict = "EvictFirst"  // pods are evicted before anything is swapped
	NeverEvicts Verdict = "NeverEvicts" // the kernel kills before the kubelet could evict
	NoEviction  Verdict = "NoEviction"  // the kubelet is configured not to evict for memory
)

// Eviction is the arithmetic of memory running short on this node. A level of
// free memory is comparable with the kernel's watermarks; what the kubelet calls
// memory.available is more than that, see KernelBytes.
type Eviction struct {
	Verdict     Verdict `json:"verdict"`
	Explanation string  `json:"explanation"`

	MemoryBytes int64  `json:"memoryBytes"`
	SwapBytes   int64  `json:"swapBytes"`
	MinBytes    int64  `json:"minBytes"`
	LowBytes    int64  `json:"lowBytes"`
	HighBytes   int64  `json:"highBytes"`
	MarksFrom   string `json:"marksFrom"`

	HardBytes *int64 `json:"hardBytes,omitempty"` // evictionHard memory.available
	HardFrom  string `json:"hardFrom,omitempty"`
	SoftBytes *int64 `json:"softBytes,omitempty"`
	// KernelBytes is memory that the kernel uses itself and cannot reclaim. The
	// kubelet counts it as available: memory.available is the node's memory
	// less anonymous memory and page cache, without inactive page cache
	// (opencontainers/cgroups fs2/memory.go, rootStatsFromMeminfo).
	KernelBytes int64 `json:"kernelBytes"`
	// ReservedBytes is systemReserved plus kubeReserved; PodsLevelBytes is the
	// free memory at which pods reach the threshold within the memory that is
	// left for them (allocatableMemory.available), absent if nothing is
	// reserved.
	ReservedBytes  int64  `json:"reservedBytes"`
	PodsLevelBytes *int64 `json:"podsLevelBytes,omitempty"`

	Levels []Level `json:"levels"` // from much free memory to little
	Fix    *Fix    `json:"fix,omitempty"`

	systemBytes int64 // what runs outside of pods cannot give back
}

// Level is one threshold.
type Level struct {
	Name string `json:"name"`
	// FreeBytes is the free memory at which it is reached, once the page cache
	// is gone. 0: not before memory is used up.
	FreeBytes int64  `json:"freeBytes"`
	Meaning   string `json:"meaning"`
}

// Fix are values with which the kernel swaps first and eviction stays possible.
// Either value alone is enough, unless Together says that both are needed.
type Fix struct {
	WatermarkScaleFactor *int64 `json:"watermarkScaleFactor,omitempty"`
	EvictionHard         string `json:"evictionHard,omitempty"` // memory.available
	Together             bool   `json:"together,omitempty"`
}

// solved does the arithmetic for a node; nil if an input is not known.
func solved(f *Facts) *Eviction {
	e, err := solve(f)
	if err != nil {
		return nil
	}
	return &e
}

// solve compares the kubelet's thresholds with the kernel's watermarks.
func solve(f *Facts) (Eviction, error) {
	if f.MemoryErr != nil {
		return Eviction{}, f.MemoryErr
	}
	marks, err := f.Tuning.marks(f.Memory.TotalBytes, f.PageBytes)
	if err != nil {
		return Eviction{}, err
	}
	e := Eviction{
		MemoryBytes: f.Memory.TotalBytes, SwapBytes: f.Memory.SwapTotalBytes,
		MinBytes: marks.MinBytes, LowBytes: marks.LowBytes, HighBytes: marks.HighBytes, MarksFrom: marks.From,
		KernelBytes: f.kernelBytes(), ReservedBytes: f.reservedBytes(),
	}
	if err := e.thresholds(f); err != nil {
		return Eviction{}, err
	}
	e.judge()
	e.Levels = e.levels()
	e.Fix = e.fix(f)
	return e, nil
}

// kernelBytes is the part of MemTotal that is neither free, anonymous, page
// cache, nor a kernel cache that can be reclaimed.
func (f *Facts) kernelBytes() int64 {
	u := f.Use
	return max(0, f.Memory.TotalBytes-u.FreeBytes-u.AnonBytes-u.FileBytes-u.ReclaimableBytes)
}

func (f *Facts) reservedBytes() int64 {
	total := int64(0)
	for _, reserved := range []map[string]string{f.Kubelet.Config.SystemReserved, f.Kubelet.Config.KubeReserved} {
		if n, err := bytesize.Parse(reserved["memory"]); err == nil {
			total += n
		}
	}
	return total
}

// thresholds reads those of the kubelet.
func (e *Eviction) thresholds(f *Facts) error {
	hard, from := f.hard()
	if hard == "" {
		return nil
	}
	bytes, err := amount(hard, e.MemoryBytes)
	if err != nil {
		return fmt.Errorf("evictionHard memory.available %q (%s): %w", hard, from, err)
	}
	e.HardBytes, e.HardFrom = &bytes, from
	if soft := f.Kubelet.Config.EvictionSoft[signal]; soft != "" {
		if bytes, err := amount(soft, e.MemoryBytes); err == nil {
			e.SoftBytes = &bytes
		}
	}
	e.systemBytes = f.Groups.SystemBytes
	if e.ReservedBytes > 0 && e.systemBytes > 0 {
		level := e.podsLevel(bytes)
		e.PodsLevelBytes = &level
	}
	return nil
}

// podsLevel is the free memory at which the usage of all pods comes as near to
// their limit (the node's memory less the reservations) as the threshold says.
func (e Eviction) podsLevel(hard int64) int64 {
	return max(0, e.ReservedBytes+hard-e.systemBytes)
}

const (
	signal = "memory.available"
	// defaultHard is the kubelet's own (pkg/kubelet/eviction/defaults_linux.go).
	defaultHard = "100Mi"
)

// hard is evictionHard memory.available, and where it is set. Without a kubelet
// it is the default; empty: configured not to evict.
func (f *Facts) hard() (value, from string) {
	if !f.Kubelet.Found {
		return defaultHard, "default of a kubelet; none was found"
	}
	from = f.Kubelet.Config.EvictionHardFrom[signal]
	if from == "" {
		from = "default"
	}
	value = f.Kubelet.Config.EvictionHard[signal]
	if value == "0%" || value == "100%" { // pkg/kubelet/eviction/helpers.go, parseThresholdStatement
		value = ""
	}
	return value, from
}

// amount parses a quantity, or a percentage of the node's memory.
func amount(text string, memoryBytes int64) (int64, error) {
	if bytes, ok, err := bytesize.ParseShare(text, memoryBytes); ok {
		return bytes, err
	}
	return bytesize.Parse(text)
}

// evictLevel is the free memory at which eviction comes once the page cache is
// gone: by the threshold of the node, or by that of the pods.
func (e Eviction) evictLevel() int64 {
	level := max(0, *e.HardBytes-e.KernelBytes)
	if e.PodsLevelBytes != nil {
		level = max(level, *e.PodsLevelBytes)
	}
	return level
}

func (e *Eviction) judge() {
	if e.HardBytes == nil {
		e.Verdict = NoEviction
		e.Explanation = "the kubelet has no evictionHard memory.available: it never evicts for memory, and when swap is full the kernel kills"
		return
	}
	level := e.evictLevel()
	at := "eviction comes at " + bytesize.Format(level) + " free"
	swap := "the kernel swaps from " + bytesize.Format(e.LowBytes) + " free on"
	switch {
	case level > e.HighBytes:
		e.Verdict = EvictFirst
		e.Explanation = at + ", and " + swap + ": pods are evicted before anything is swapped"
	case level > e.LowBytes:
		e.Verdict = Contested
		e.Explanation = fmt.Sprintf("%s, and the kernel keeps free memory between %s and %s by swapping: pods may be evicted while there is swap left", at, bytesize.Format(e.LowBytes), bytesize.Format(e.HighBytes))
	case level <= e.MinBytes:
		e.Verdict = NeverEvicts
		e.Explanation = fmt.Sprintf("%s, and at %s the kernel already kills: memory eviction can hardly ever come", at, bytesize.Format(e.MinBytes))
	default:
		e.Verdict = SwapFirst
		e.Explanation = swap + ", and " + at + ", which is reached only when swapping is too slow or swap is full"
	}
}
