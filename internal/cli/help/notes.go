package help

// notes is what help prints besides the texts of the command itself.
type notes struct {
	Groups []noteGroup
	Also   []string // related commands
	Page   string   // of docs/
}

// noteGroup is a title and the names of flags, in the order in which they are
// printed.
type noteGroup struct{ Title, Flags string }

// EveryCommand groups the flags that all commands have, or several of them.
func EveryCommand() []noteGroup {
	return []noteGroup{
		{"Output", "output quiet verbose no-color"},
		{"Global", "config help"},
	}
}

// NotesOf returns the notes on a command.
func NotesOf(path string) notes {
	switch path {
	case "swapctl setup":
		return notes{setupGroups(), []string{"swapctl check", "swapctl status", "swapctl teardown"}, "usage.md"}
	case "swapctl teardown":
		return notes{[]noteGroup{{"What is done", "dry-run keep-file force journal-damaged no-restart"}},
			[]string{"swapctl setup", "swapctl status"}, "usage.md"}
	case "swapctl status":
		return notes{nil, []string{"swapctl check", "swapctl setup"}, "usage.md"}
	case "swapctl check":
		return notes{[]noteGroup{
			{"Which checks", "only ignore probe-disk list"},
			{"The node", "control-plane kubernetes-version"},
			{"The result", "strict fix-script"},
		}, []string{"swapctl setup", "swapctl status", "swapctl kubeadm-config lint"}, "checks.md"}
	case "swapctl plan":
		return notes{planGroups(), []string{"swapctl check", "swapctl setup"}, "plan.md"}
	case "swapctl kubeadm-config":
		return notes{[]noteGroup{
			{"What is written", "kind merge output-dir"},
			{"Kubernetes", "kubernetes-version swap-behavior cgroup-version"},
		}, []string{"swapctl kubeadm-config lint", "swapctl plan"}, "kubeadm.md"}
	case "swapctl kubeadm-config lint":
		return notes{[]noteGroup{{"How it is judged", "kubernetes-version cgroup-version strict"}},
			[]string{"swapctl kubeadm-config", "swapctl check"}, "kubeadm.md"}
	case "swapctl version":
		return notes{nil, []string{"swapctl completion"}, "kubernetes-versions.md"}
	case "swapctl":
		return notes{[]noteGroup{{"Version", "version"}}, nil, "tutorial.md"}
	}
	return notes{nil, []string{"swapctl"}, "README.md"}
}

func setupGroups() []noteGroup {
	return []noteGroup{
		{"Swap area", "size path device erase adopt force-size preallocation priority discard"},
		{"Encryption", "encrypt cipher key-size sector-size name ignore-hibernation"},
		{"Kubelet", "kubelet swap-behavior kubernetes-version no-restart"},
		{"The node", "protect-system-slice swappiness min-free-kbytes watermark-scale-factor watermark-boost-factor"},
		{"Boot", "persist boot"},
		{"What is done", "dry-run explain exit-code ignore"},
	}
}

func planGroups() []noteGroup {
	return []noteGroup{
		{"Pods", "pods namespace template-path static skip-invalid"},
		{"The node", "node nodes node-memory node-swap swap-behavior kubernetes-version cgroup-version page-size feature-gates"},
		{"Which containers", "sort only-swappable"},
		{"Other questions", "explain diff recommend target-per-container target-ratio"},
	}
}
