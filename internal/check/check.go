// Package check judges a node: is it ready for swap, is swap safe on it, and
// what has to be done. Read gathers the facts once; every check is a pure
// function of them. It changes nothing.
package check

import "slices"

// Status is the result of a check.
type Status string

// The statuses, from good to bad. Skip: a check that this one needs failed, or
// it does not apply here. Unknown: this user, or this place, cannot see it.
const (
	Pass    Status = "pass"
	Skip    Status = "skip"
	Unknown Status = "unknown"
	Warn    Status = "warn"
	Fail    Status = "fail"
)

// Check is one question about a node.
type Check struct {
	ID    string // never changes: scripts use it
	Group string // ID of its group; InGroups sets it
	Title string
	Want  string // how it should be
	Why   string // one or two sentences

	// Needs are the checks without which this one means nothing: if one of them
	// failed it is skipped, if one is unknown it is unknown. They come earlier
	// in the catalogue.
	Needs []string
	// Says are the statuses that Run may return.
	Says []Status
	// Preflight says when setup runs the check before it gives a node swap.
	// Setup does not run checks of what it fixes itself, or refuses with a
	// better message.
	Preflight When
	// ForKubelet: on a node without a kubelet, setup only warns if it fails.
	ForKubelet bool
	// Measures: it needs time and writes to the disk, so it runs only on
	// request.
	Measures bool

	Run func(*Facts) Finding
}

// When says when setup runs a check.
type When int

// The times.
const (
	Never             When = iota
	Always                 // before every setup
	WhenEncrypting         // of swap that will be encrypted
	WhenKubeletIsLeft      // by a setup that does not configure the kubelet
)

// Severity is the worst status that a check may have.
func (c Check) Severity() Status {
	for _, s := range []Status{Fail, Warn} {
		if slices.Contains(c.Says, s) {
			return s
		}
	}
	return Pass
}

// Finding is what a check's Run returns.
type Finding struct {
	Status Status
	Found  string // the evidence: files and their content
	Hint   string // what to do about it; a command first if there is one
	// Commands fix it, as a shell takes them; few fixes can be given without
	// knowing the purpose of the node. There may be comments between them.
	Commands []string
	// Blocks: the checks that need this one are skipped although it did not
	// fail.
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

// IDs lists the names of all checks, in their order.
func IDs() []string {
	var ids []string
	for _, c := range Catalogue() {
		ids = append(ids, c.ID)
	}
	return ids
}
