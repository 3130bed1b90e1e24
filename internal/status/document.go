// Package status describes the swap of a node: every active area, ours or not,
// with everything below it. It changes nothing and works, as far as possible,
// without root.
package status

// Document is SwapStatus. Absent values are left out or null, never 0.
type Document struct {
	APIVersion    string       `json:"apiVersion"`
	Kind          string       `json:"kind"`
	Areas         []Area       `json:"areas"` // every line of /proc/swaps, in its order
	Memory        Memory       `json:"memory"`
	CgroupVersion int          `json:"cgroupVersion,omitempty"`
	Kubelet       Kubelet      `json:"kubelet"`
	Journal       JournalState `json:"journal"`
	// Notes say what is unusual about the areas, and what could not be read.
	Notes []string `json:"notes"`
}

// Area is one active swap area.
type Area struct {
	Path      string `json:"path"` // as in /proc/swaps: "/dev/dm-0", "/swapfile"
	Kind      string `json:"kind"` // file, partition or zram
	SizeBytes int64  `json:"sizeBytes"`
	UsedBytes int64  `json:"usedBytes"`
	Priority  int    `json:"priority"`

	// Encrypted is true only if every path to a disk goes through dm-crypt.
	Encrypted   bool   `json:"encrypted"`
	Cipher      string `json:"cipher,omitempty"`      // several, if they differ: "a, b"
	KeySizeBits int    `json:"keySizeBits,omitempty"` // the smallest, if they differ
	Mapping     string `json:"mapping,omitempty"`     // name of the mapping that is the area

	Backing []string `json:"backing"`           // layers below it, top to bottom, itself first
	Managed *bool    `json:"managed,omitempty"` // made by swapctl; left out if the journal cannot be read
}

// Memory is the machine's memory, in bytes.
type Memory struct {
	TotalBytes     int64 `json:"totalBytes"`
	AvailableBytes int64 `json:"availableBytes"`
	SwapTotalBytes int64 `json:"swapTotalBytes"`
	SwapFreeBytes  int64 `json:"swapFreeBytes"`
}

// Kubelet is what is known of this node's kubelet, and of its next start.
type Kubelet struct {
	Found        bool    `json:"found"`
	Kind         string  `json:"kind,omitempty"` // what starts it: systemd, process, k3s, rke2, k0s, ...
	Unit         string  `json:"unit,omitempty"`
	Version      *string `json:"version"`
	FailSwapOn   *bool   `json:"failSwapOn"`
	SwapBehavior *string `json:"swapBehavior"` // "" when nothing sets it
	// Where these come from: a file, a flag, or "default".
	FailSwapOnFrom   string `json:"failSwapOnFrom,omitempty"`
	SwapBehaviorFrom string `json:"swapBehaviorFrom,omitempty"`
	// ConfigSources are the files that it reads, the strongest last.
	ConfigSources []string `json:"configSources"`
}

// JournalState is what the journal says: the last goal, and the steps that are
// still to be done for it.
type JournalState struct {
	Goal    string   `json:"goal,omitempty"` // up, down or none
	Pending []string `json:"pending"`
	// Restarts are units that have not read the changes.
	Restarts []string `json:"restarts"`
}

// Journal is what Read needs to know of the journal.
type Journal struct {
	Goal    string   // up, down, or "" for none
	Pending []string // what is still to be done
	// Restarts are the units whose restart is pending.
	Restarts []string
	Areas    []Managed
	// Err says why the journal could not be read. Then it is not known which
	// areas swapctl manages.
	Err error
}

// Managed is a swap area that swapctl made.
type Managed struct {
	Path    string // file, or device by any of its names
	Mapping string // name of the mapping on it, if it is encrypted
}
