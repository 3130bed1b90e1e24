// Package check judges a node: is it ready for swap, is it safe with swap, and
// what is to be done about it. Read gathers the facts once; every check is a
// pure function of them. It changes nothing.
package check

import "slices"

// Status is what a check came to.
type Status string

// The statuses, from good to bad. Skip: what the check stands on failed, or does
// not apply here. Unknown: it could not be seen, by this user or from this place.
const (
	Pass    Status = "pass"
	Skip    Status = "skip"
	Unknown Status = "unknown"
	Warn    Status = "warn"
	Fail    Status = "fail"
)

// Check is one question about a node.
type Check struct {
	ID    string // for ever the same: scripts name it
	Title string
	Want  string // how it should be
	Why   string // one or two sentences

	// Needs are the checks without which this one means nothing: where one failed it
	// is skipped, where one is unknown it is unknown. They come earlier in the catalogue.
	Needs []string
	// Says are the statuses that Run may give.
	Says []Status
	// Preflight is when setup asks it before it gives a node swap. What setup itself
	// fixes, or refuses with better words, it does not ask.
	Preflight When
	// ForKubelet: on a node without a kubelet setup only warns of its failure.
	ForKubelet bool
	// Measures: it takes time and disk, and runs only when it is asked for.
	Measures bool

	Run func(Facts) Finding
}

// When is when setup asks a check.
type When int

// The times.
const (
	Never             When = iota
	Always                 // before every setup
	WhenEncrypting         // of swap that will be encrypted
	WhenKubeletIsLeft      // by a setup that does not configure the kubelet
)

// Severity is the worst that a check may say.
func (c Check) Severity() Status {
	for _, s := range []Status{Fail, Warn} {
		if slices.Contains(c.Says, s) {
			return s
		}
	}
	return Pass
}

// Finding is what a check's Run says.
type Finding struct {
	Status Status
	Found  string // the evidence: files and what stands in them
	Hint   string // what to do about it, first of all a command
	// Commands fix it, for a shell as they stand; few can be given without knowing
	// what else the node is for. Comments may stand between them.
	Commands []string
	// Blocks: the checks that need this one say nothing although it did not fail.
	Blocks bool
}

func pass(found string) Finding          { return Finding{Status: Pass, Found: found} }
func skip(found string) Finding          { return Finding{Status: Skip, Found: found} }
func warn(found, hint string) Finding    { return Finding{Status: Warn, Found: found, Hint: hint} }
func failed(found, hint string) Finding  { return Finding{Status: Fail, Found: found, Hint: hint} }
func unknown(found, hint string) Finding { return Finding{Status: Unknown, Found: found, Hint: hint} }

// fixedBy adds the commands that fix what was found.
func (f Finding) fixedBy(commands ...string) Finding {
	f.Commands = commands
	return f
}

// Catalogue lists all checks, in the order in which they are told: what a node
// must have, its swap, the kubelet, what else touches memory, measurements.
func Catalogue() []Check {
	return slices.Concat(kernelChecks(), swapChecks(), diskChecks(), bootChecks(), sliceChecks(),
		kubeletChecks(), memoryChecks(), leakChecks(), measurements())
}

// IDs lists the names of all checks, in their order.
func IDs() []string {
	var ids []string
	for _, c := range Catalogue() {
		ids = append(ids, c.ID)
	}
	return ids
}
