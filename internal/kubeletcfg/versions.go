// Package kubeletcfg knows what each Kubernetes minor does with swap. The facts
// are in versions.yaml; code asks a Row and never compares versions.
package kubeletcfg

import (
	"bytes"
	_ "embed" // versions.yaml
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/version"
)

//go:embed versions.yaml
var versionsYAML []byte

// Row is what one Kubernetes minor does with swap. versions.yaml explains the
// values.
type Row struct {
	Kubernetes        string             `yaml:"kubernetes"` // "1.34"
	Source            string             `yaml:"source"`     // the releases whose source was read
	Gate              Gate               `yaml:"gate"`
	Behaviors         map[string]Meaning `yaml:"behaviors"` // by memorySwap.swapBehavior, "" included
	GateOff           Meaning            `yaml:"gateOff"`   // None or Unset
	Tests             []Test             `yaml:"tests"`     // in the order of the kubelet
	FailCgroupV1      bool               `yaml:"failCgroupV1"`
	PodLevelResources PodLevel           `yaml:"podLevelResources"`
	ReportsSwap       bool               `yaml:"reportsSwap"`
	RefusesResize     bool               `yaml:"refusesResize"`
	NoswapTmpfs       bool               `yaml:"noswapTmpfs"`
	DropinDir         DropinDir          `yaml:"dropinDir"`
	MergeEviction     bool               `yaml:"mergeEviction"`
	MemoryQoS         MemoryQoS          `yaml:"memoryQoS"`
	Metrics           []string           `yaml:"metrics"` // metrics of swap in /metrics/resource
	Kubeadm           Kubeadm            `yaml:"kubeadm"`
	Files             []string           `yaml:"files"` // the source files that were read

	table Versions // all rows, to name the nearest one that can do something
}

// Gate is the state of feature gate NodeSwap.
type Gate struct {
	Stage   string `yaml:"stage"` // alpha, beta, GA
	Default bool   `yaml:"default"`
	Locked  bool   `yaml:"locked"` // it can only be set to its default
}

// Meaning is what containers get with a value of memorySwap.swapBehavior.
type Meaning string

// The meanings.
const (
	None        Meaning = "none"        // no swap
	Share       Meaning = "share"       // request / node memory * node swap, for containers that pass the tests
	Unlimited   Meaning = "unlimited"   // no limit
	UnlimitedV2 Meaning = "unlimitedV2" // no limit on cgroup v2, none on v1
	MemoryLimit Meaning = "memoryLimit" // memory and swap together are limited to the memory limit
	Unset       Meaning = "unset"       // the kubelet sets nothing
)

// Test is a question that the kubelet asks before a container may swap.
type Test string

// The tests.
const (
	TestController Test = "controller"
	TestGate       Test = "gate"
	TestBehavior   Test = "behavior"
	TestCgroup     Test = "cgroup"
	TestCritical   Test = "critical"
	TestQOS        Test = "qos"
	TestRequest    Test = "request"
	TestEqual      Test = "equal"
)

// PodLevel is what a minor does with spec.resources of a pod.
type PodLevel string

// The ways.
const (
	PodLevelOff   PodLevel = "off"
	PodLevelEarly PodLevel = "early"
	PodLevelLate  PodLevel = "late"
)

// LegalBehaviors are the values that memorySwap.swapBehavior may have, sorted,
// without the empty one, which is always legal.
func (r Row) LegalBehaviors() []string {
	var legal []string
	for name := range r.Behaviors {
		if name != "" {
			legal = append(legal, name)
		}
	}
	slices.Sort(legal)
	return legal
}

// Versions are the rows, oldest first.
type Versions []Row

// Load returns the table. All callers share it, so nobody may change it.
func Load() (Versions, error) { return loaded() }

// loaded parses the table once, which takes about a millisecond.
//
//nolint:gochecknoglobals // a constant in all but name
var loaded = sync.OnceValues(func() (Versions, error) { return load(versionsYAML) })

func load(text []byte) (Versions, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var rows Versions
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("versions.yaml: %w", err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("versions.yaml: no rows")
	}
	for i := range rows {
		if err := rows[i].validate(); err != nil {
			return nil, fmt.Errorf("versions.yaml: %q: %w", rows[i].Kubernetes, err)
		}
		if i == 0 {
			continue
		}
		if before, this := minor(rows[i-1].Kubernetes), minor(rows[i].Kubernetes); this != before+1 {
			return nil, fmt.Errorf("versions.yaml: %q does not follow %q", rows[i].Kubernetes, rows[i-1].Kubernetes)
		}
	}
	for i := range rows {
		rows[i].table = rows
	}
	return rows, nil
}

// Oldest is the first minor that is known: "1.22".
func (v Versions) Oldest() string { return v[0].Kubernetes }

// Newest is the last minor that is known.
func (v Versions) Newest() string { return v[len(v)-1].Kubernetes }

// Known returns the oldest and the newest minor of the table. It only searches
// for them, because the help of every command needs them, and Load takes a
// millisecond.
func Known() (oldest, newest string) {
	row := []byte("\n- kubernetes: \"")
	at := func(i int) string {
		text, _, _ := bytes.Cut(versionsYAML[i+len(row):], []byte(`"`))
		return string(text)
	}
	return at(bytes.Index(versionsYAML, row)), at(bytes.LastIndex(versionsYAML, row))
}

// UnknownError is a version that the table does not have.
type UnknownError struct {
	Version string // as it was given
	Newer   bool   // newer than all known versions
	Range   string // "1.22 to 1.37"
}

// Error says which versions are known.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("Kubernetes %s is not known: expected %s", e.Version, e.Range)
}

// Find returns the row of a version in any spelling: "1.34", "v1.34.1",
// "v1.33.5-gke.100". An empty version is the newest. The error is an
// *UnknownError if the table does not have it.
func (v Versions) Find(text string) (Row, error) {
	if text == "" {
		return v[len(v)-1], nil
	}
	parsed, err := version.ParseGeneric(text)
	if err != nil {
		return Row{}, fmt.Errorf("%q is not a Kubernetes version: want one like %s", text, v.Newest())
	}
	known := v.Oldest() + " to " + v.Newest()
	unknown := &UnknownError{Version: strings.TrimPrefix(text, "v"), Range: known}
	if parsed.Major() != 1 {
		unknown.Newer = parsed.Major() > 1
		return Row{}, unknown
	}
	oldest, asked := minor(v.Oldest()), int(min(parsed.Minor(), 1<<16))
	switch i := asked - oldest; {
	case i < 0:
		return Row{}, unknown
	case i >= len(v):
		unknown.Newer = true
		return Row{}, unknown
	default:
		return v[i], nil
	}
}

// minor returns 34 for "1.34"; -1 for anything else.
func minor(text string) int {
	var n int
	if _, err := fmt.Sscanf(text, "1.%d", &n); err != nil || fmt.Sprintf("1.%d", n) != text {
		return -1
	}
	return n
}
