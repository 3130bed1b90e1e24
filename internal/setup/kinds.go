package setup

import (
	"slices"

	"github.com/swapctl/swapctl/internal/setup/area"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/setup/kubeletstep"
	"github.com/swapctl/swapctl/internal/setup/persist"
	"github.com/swapctl/swapctl/internal/setup/tuning"
	"github.com/swapctl/swapctl/internal/step"
)

// Names of package config for callers of setup.
type (
	// Config is the desired configuration of a node.
	Config = config.Config
	// Area is the desired configuration of one swap area.
	Area = config.Area
	// Node is the desired configuration that a node has once, for any number of
	// areas.
	Node = config.Node
	// FieldError is an invalid value of a Config.
	FieldError = config.FieldError
)

// Paths that are the same on every node.
const (
	DefaultPath = config.DefaultPath
	JournalPath = config.JournalPath
)

// Default is the configuration of a node without any settings.
func Default() Config { return config.Default() }

// kinds are all kinds of step. Their IDs never change: journals contain them.
func kinds() step.Kinds {
	return slices.Concat(kubeletstep.Kinds(), tuning.Kinds(), persist.Kinds(), area.Kinds())
}
