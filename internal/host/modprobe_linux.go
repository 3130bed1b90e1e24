package host

import (
	"context"
	"os"
	"strings"
)

// modprobe loads a kernel module, with the program that the kernel itself would
// run. It is for the few modules that the kernel does not load by itself.
// Failures are not reported: the next system call shows what is missing.
func modprobe(module string) {
	program := "/sbin/modprobe"
	if p, err := (files{}).ReadFile("/proc/sys/kernel/modprobe", SmallLimit); err == nil {
		program = strings.TrimSpace(string(p))
	}
	if program == "" { // "" is how administrators forbid module loading
		return
	}
	loadWith(program, module)
}

// loadWith runs a modprobe. Its result shows only in the next system call.
func loadWith(program, module string) {
	_, _ = programs{}.Output(context.Background(), program, "-q", "--", module)
}

// openControl opens the control device of a driver. If its node is missing, the
// module may not be loaded yet; if the node exists, opening it loads the
// module.
func openControl(path, module string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if !os.IsNotExist(err) {
		return f, err
	}
	modprobe(module)
	return os.OpenFile(path, os.O_RDWR, 0)
}
