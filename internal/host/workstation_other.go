//go:build !linux

package host

// Local returns the machine that this program runs on: a workstation.
func Local() Host { return Host{Files: workstation{}} }

// SwapOffMain is for Linux alone: no process of another system is one.
func SwapOffMain([]string) (status int, ok bool) { return 0, false }
