package kernel

import (
	"bytes"
	"strconv"
	"time"
)

// clockTicks is USER_HZ, in which /proc counts: 100 on every architecture that
// Kubernetes runs on.
const clockTicks = 100

// ProcessStart is when a process began, in time since the boot, from its file
// /proc/PID/stat (proc_pid_stat(5), field 22); 0 if that does not say so. The
// name of the process, which is in it, may contain anything.
func ProcessStart(stat []byte) time.Duration {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0
	}
	ticks, err := strconv.ParseInt(string(fields[19]), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(ticks) * time.Second / clockTicks
}
