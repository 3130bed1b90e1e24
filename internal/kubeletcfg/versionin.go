package kubeletcfg

import "regexp"

// VersionIn returns the kubernetesVersion of the first ClusterConfiguration in
// the files that names a release or, with a label such as stable-1.34, a minor;
// "" if there is none (cmd/kubeadm/app/util/version.go,
// KubernetesReleaseVersion).
func VersionIn(files []Source) string {
	label := regexp.MustCompile(`^(?:release/|ci/)?(?:(?:latest|stable)-)?(v?1\.\d.*)$`)
	for _, f := range files {
		all, err := documents(f)
		if err != nil {
			continue
		}
		for _, d := range all {
			version := d.root.Get("kubernetesVersion")
			if d.word("kind") != "ClusterConfiguration" || version == nil {
				continue
			}
			if named := label.FindStringSubmatch(version.Content().Value); named != nil {
				return named[1]
			}
		}
	}
	return ""
}

// Written reports whether a text is exactly what swapctl writes for a kind, for
// some version and some desired state: then it contains no work of a user.
func (v Versions) Written(kind Kind, text []byte, q Request) bool {
	for _, row := range v {
		for _, behavior := range Behaviors() {
			for _, cgroup := range []int{1, 2} {
				for _, version := range []string{"", q.Version, VersionIn([]Source{{Data: text}})} {
					q.Kind, q.Desired, q.Version = kind, Desired{behavior, cgroup}, version
					if made, err := row.Document(q); err == nil && string(made) == string(text) {
						return true
					}
				}
			}
		}
	}
	return false
}
