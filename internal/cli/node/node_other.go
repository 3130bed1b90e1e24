//go:build !linux

package node

import "github.com/swapctl/swapctl/internal/cli"

// Local is the program on this machine.
func Local() cli.Node { return Workstation() }
