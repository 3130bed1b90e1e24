package host

import (
	"context"
	"os"
	"strings"
)

// modprobe loads a kernel module, with the program that the kernel itself
// would run for that. It is for the few modules that the kernel does not load
// by itself when asked. Failure is not reported: the next call says what is
// missing.
func modprobe(module string) {
	program := "/sbin/modprobe"
	if p, err := (files{}).ReadFile("/proc/sys/kernel/modprobe", SmallLimit); err == nil {
		program = strings.TrimSpace(string(p))
	}
	if program == "" { // "" is how an administrator forbids module loading
		return
	}
	loadWith(program, module)
}

// loadWith runs a modprobe. Nobody can wait for it but the kernel's next answer.
func loadWith(program, module string) {
	_, _ = programs{}.Output(context.Background(), program, "-q", "--", module)
}

// openControl opens the control device of a driver. Where its node is missing
// the module may only not be loaded yet; where the node is there, opening it
// loads the module.
func openControl(path, module string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if !os.IsNotExist(err) {
		return f, err
	}
	modprobe(module)
	return os.OpenFile(path, os.O_RDWR, 0)
}
