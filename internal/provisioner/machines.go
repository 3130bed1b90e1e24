package provisioner

import "fmt"

// machines are the files of tools that set up machines, and write files for
// kubelets.
func machines() []Tool {
	dropin := "/etc/kubernetes/kubelet.conf.d/50-swap.conf"
	text := "apiVersion: kubelet.config.k8s.io/v1beta1\n%[1]skind: KubeletConfiguration\n%[1]sfailSwapOn: false\n%[1]smemorySwap: {swapBehavior: LimitedSwap}\n"
	return []Tool{
		{
			Name: "cloud-init", Keys: []string{"write_files", "runcmd", "bootcmd", "cloud_final_modules", "ssh_authorized_keys", "package_update", "package_upgrade"},
			Parts:    []Part{{"write_files[]", Files}},
			Says:     "cloud-init writes files before it runs commands; its swap: makes a swap file that is not encrypted, with a line in /etc/fstab",
			Fragment: "write_files:\n- path: " + dropin + "\n  content: |\n    " + fmt.Sprintf(text, "    "),
			Source:   "canonical/cloud-init 24.4, cloudinit/config/cc_write_files.py, cc_mounts.py",
		},
		{
			Name: "Ignition", Keys: []string{"ignition"}, Parts: []Part{{"storage.files[]", Files}},
			Says:     "Ignition writes files at the first boot; contents.source is a data URL",
			Fragment: "{\"ignition\": {\"version\": \"3.4.0\"}, \"storage\": {\"files\": [{\"path\": \"" + dropin + "\", \"mode\": 420, \"contents\": {\"source\": \"data:,apiVersion%3A%20kubelet.config.k8s.io%2Fv1beta1%0Akind%3A%20KubeletConfiguration%0AfailSwapOn%3A%20false%0AmemorySwap%3A%20%7BswapBehavior%3A%20LimitedSwap%7D%0A\"}}]}}\n",
			Source:   "coreos/ignition, docs/configuration-v3_4.md",
		},
		{
			Name: "Butane", Keys: []string{"variant"}, Parts: []Part{{"storage.files[]", Files}},
			Says:     "Butane makes a file for Ignition of it: contents.inline is the text of a file",
			Fragment: "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n  - path: " + dropin + "\n    contents:\n      inline: |\n        " + fmt.Sprintf(text, "        "),
			Source:   "coreos/butane, docs/config-fcos-v1_5.md",
		},
	}
}
