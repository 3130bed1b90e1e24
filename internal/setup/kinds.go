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

// Names of package config for whoever runs setup.
type (
	// Config is what a person wants of a node.
	Config = config.Config
	// Area is what a person wants of one swap area.
	Area = config.Area
	// Node is what a person wants of a node once, however many areas it has.
	Node = config.Node
	// FieldError is a value of a Config that will not do.
	FieldError = config.FieldError
)

// Paths that are the same on every node.
const (
	DefaultPath = config.DefaultPath
	JournalPath = config.JournalPath
)

// Default is the configuration of a node about which nothing was said.
func Default() Config { return config.Default() }

// kinds are all kinds of step. Their IDs are for ever: journals hold them.
func kinds() step.Kinds {
	return slices.Concat(kubeletstep.Kinds(), tuning.Kinds(), persist.Kinds(), area.Kinds())
}
