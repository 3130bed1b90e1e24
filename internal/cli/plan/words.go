package plan

import (
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/limits"
)

// How a plan says things in its tables.

// podName is how kubectl users name the pod, or the workload that makes it.
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

// shortKind is what kubectl takes for a kind.
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

// amount says a size as a manifest would, and nothing of none.
func amount(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return quantity(bytes)
}

// quantity says a size as a manifest would, rounded to a tenth: 512Mi.
func quantity(bytes int64) string {
	text := bytesize.Format(bytes)
	if number, ok := strings.CutSuffix(text, " bytes"); ok {
		return number
	}
	return strings.TrimSuffix(strings.Replace(text, " ", "", 1), "B")
}

// swapAmount says a limit; without one a container may use all there is.
func swapAmount(bytes *int64) string {
	if bytes == nil {
		return "max"
	}
	return quantity(*bytes)
}

// exact says a size to the byte.
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
