// Package config is what a person wants of a node, judged by itself: without a node.
package config

// Config is what a person wants: swap areas, and what a node has once.
type Config struct {
	Areas []Area
	// Listed: the areas are a list in the configuration file, where each has a name, by
	// which its steps are called. The area that flags describe has none.
	Listed bool
	Node
}

// Node is what a node has once, however many areas it has. Like Area it is one struct for
// flags, SWAPCTL_ environment variables and the configuration file, named by the JSON
// tags.
type Node struct {
	// Settings of the kernel's memory management (vm.swappiness and so on),
	// -1: left as they are.
	Swappiness           int `json:"swappiness"`           // 0 to 200
	MinFreeKbytes        int `json:"minFreeKbytes"`        // KiB
	WatermarkScaleFactor int `json:"watermarkScaleFactor"` // ten-thousandths of a zone's memory
	WatermarkBoostFactor int `json:"watermarkBoostFactor"` // ten-thousandths of the high watermark; 0: no boost

	// ProtectSystemSlice keeps the node's own services out of swap, and gives
	// them precedence at the disk.
	ProtectSystemSlice bool `json:"protectSystemSlice"`

	// Persist is what brings swap back after a reboot: "systemd", "fstab" or
	// "none"; "auto" is systemd where it is the node's init, otherwise none.
	Persist string `json:"persist"`
	// Kubelet: "auto" has the kubelet of the node, if there is one, tolerate swap
	// before there is any; "skip" leaves it as it is.
	Kubelet      string `json:"kubelet"`
	SwapBehavior string `json:"swapBehavior"` // of the kubelet: "LimitedSwap" or "NoSwap"
	// KubernetesVersion of the node; empty: the kubelet is asked.
	KubernetesVersion string `json:"kubernetesVersion"`
	// NoRestart leaves the restart of the kubelet to somebody else.
	NoRestart bool `json:"noRestart"`
}

// Area is what a person wants of one swap area.
type Area struct {
	// Size of the swap area: a Kubernetes quantity, an IEC size ("4GiB"), or a
	// share of this node's memory ("50%"). Empty with a device: all of it.
	Size string `json:"size"`
	// Path of a swap file. Device, when set, is used instead of a file.
	Path   string `json:"path"`
	Device string `json:"device"`

	Encrypt    bool   `json:"encrypt"`
	Cipher     string `json:"cipher"`     // as dm-crypt names it, "aes-xts-plain64"
	KeySize    int    `json:"keySize"`    // bits; xts splits it in two keys
	SectorSize string `json:"sectorSize"` // "auto", "512" or "4096" bytes

	// Preallocation of an encrypted swap file, as qemu-img names the ways: "full",
	// with zeros written, or "falloc", which is quicker.
	Preallocation string `json:"preallocation"`

	Name string `json:"name"` // of the mapping, and of one of several areas

	Priority int    `json:"priority"` // 0 to 32767; -1: the kernel chooses
	Discard  string `json:"discard"`  // "none", "once", "pages" or "both"
}

// Where the engine keeps what outlives a run.
const (
	JournalPath = "/var/lib/swapctl/journal"
	OldLockPath = "/run/swapctl.lock" // of swapctl before format 2 of the journal
)

// BridgeName is the area that is there during a change, and BridgeFile the end of the
// name of its file.
const (
	BridgeName = "bridge"
	BridgeFile = "." + BridgeName
)

// DefaultPath is where the swap file lies when nothing else is said.
const DefaultPath = "/var/lib/swapctl/swapfile"

// What encrypts an area about which nothing is said: AES-256 in XTS mode, which splits
// its key in two halves.
const (
	DefaultCipher  = "aes-xts-plain64"
	DefaultKeySize = 512 // bits
)

// Default is the configuration of a node about which nothing was said. Size
// has no default: how much swap a node gets is for a person to say.
func Default() Config {
	return Config{
		Areas: []Area{{
			Path: DefaultPath, Encrypt: true, Cipher: DefaultCipher, KeySize: DefaultKeySize,
			SectorSize: "auto", Preallocation: "full", Name: "cryptswap", Priority: -1, Discard: "none",
		}},
		Node: Node{
			Swappiness: -1, MinFreeKbytes: -1, WatermarkScaleFactor: -1, WatermarkBoostFactor: -1,
			Persist: "auto", Kubelet: "auto", SwapBehavior: "LimitedSwap",
		},
	}
}
