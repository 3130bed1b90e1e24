package fail

import (
	"fmt"
	"runtime"
	"strings"
)

// Recover makes a panic the error of the function in which it is deferred: an
// internal error, whose trace is never printed. The caller undoes what was
// begun, as with any other error.
func Recover(err *error, op string) {
	if p := recover(); p != nil {
		*err = Newf(Failed, op, "swapctl has a fault: %v (%s)", p, faultyLine()).
			Hint("report it with this text and what 'swapctl version' says: https://github.com/swapctl/swapctl/issues")
	}
}

// faultyLine is the line that panicked: the first below the runtime's own.
func faultyLine() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	panicked := false
	for {
		frame, more := frames.Next()
		runtimes := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !runtimes {
			_, name, _ := strings.Cut(frame.File, "/internal/")
			return fmt.Sprintf("%s:%d", name, frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown line"
		}
	}
}
