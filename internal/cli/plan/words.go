package plan

import (
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/limits"
)

// The words and formats of plan's tables.

// podName is the usual kubectl name of the pod, or of the workload that creates
// it.
func podName(r *limits.Row) string {
	name := r.Pod
	if kind, rest, ok := strings.Cut(r.Workload, "/"); ok {
		name = shortKind(kind) + "/" + rest
	}
	if r.Workload != "" && r.Replicas != 1 && !r.Finished {
		name += " ×" + strconv.FormatInt(r.Replicas, 10)
	}
	if r.Note != "" {
		name += " (" + r.Note + ")"
	}
	return name
}

// shortKind is kubectl's short name of a kind.
func shortKind(kind string) string {
	switch kind {
	case "Deployment":
		return "deploy"
	case "StatefulSet":
		return "sts"
	case "DaemonSet":
		return "ds"
	case "ReplicaSet":
		return "rs"
	case "ReplicationController":
		return "rc"
	case "CronJob":
		return "cj"
	case "Job":
		return "job"
	}
	return kind
}

func containerName(r *limits.Row) string {
	if r.Type == limits.App {
		return r.Container
	}
	return r.Container + " (" + string(r.Type) + ")"
}

// amount formats a size as a manifest does, "" for 0.
func amount(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return quantity(bytes)
}

// quantity formats a size as a manifest does, rounded to a tenth: 512Mi.
func quantity(bytes int64) string {
	text := bytesize.Format(bytes)
	if number, ok := strings.CutSuffix(text, " bytes"); ok {
		return number
	}
	return strings.TrimSuffix(strings.Replace(text, " ", "", 1), "B")
}

// swapAmount formats a limit; a container without a limit may use all swap.
func swapAmount(bytes *int64) string {
	if bytes == nil {
		return "max"
	}
	return quantity(*bytes)
}

// exact formats a size in bytes.
func exact(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return strconv.FormatInt(bytes, 10)
}

func swapExact(bytes *int64) string {
	if bytes == nil {
		return "max"
	}
	return strconv.FormatInt(*bytes, 10)
}
