package root_test

import (
	"strings"

	"github.com/swapctl/swapctl/internal/host/hosttest"
)

func badSizes() []situation {
	return []situation{
		{name: "no size", args: "setup", code: 2, says: "size", hint: "--size 4Gi"},
		{name: "size zero", args: "setup --size 0", code: 2, says: "more than 0", hint: "--size 4Gi"},
		{name: "size negative", args: "setup --size=-1Gi", code: 2, says: "more than 0", hint: "--size 4Gi"},
		{name: "size garbage", args: "setup --size lots", code: 2, says: `"lots" is not a size`, hint: "--size 4Gi"},
		{name: "size in gigs", args: "setup --size 4gb", code: 2, says: "not a size", hint: "--size 4Gi"},
		{name: "size in GB", args: "setup --size 4GB", code: 2, says: "not a size", hint: "--size 4Gi"},
		{name: "size in thousandths", args: "setup --size 4096m", code: 2, says: "whole number of bytes", hint: "--size"},
		{name: "size with half a byte", args: "setup --size 1048576.5", code: 2, says: "whole number of bytes", hint: "--size"},
		{name: "size with a blank inside", argv: []string{"setup", "--size", "4 Gi"}, code: 2, says: "not a size", hint: "--size 4Gi"},
		{name: "size too small for a swap area", args: "setup --size 8Ki", code: 2, says: "is too small", hint: "--size"},
		{name: "size larger than a swap area can be", args: "setup --size 17Ti", code: 2, says: "more than the maximum of a swap area", hint: "--size"},
		{name: "size larger than numbers go", args: "setup --size 1e30", code: 2, says: "larger than any disk", hint: "--size"},
		{name: "size too large for the file system", args: "setup --size 64Gi", code: 2, says: "no room", hint: "--size 10240Mi"},
		{name: "more than half of the file system", args: "setup --size 11Gi", code: 2, says: "more than half", hint: "--force-size"},
		{name: "no room for the margin", args: "setup --size 14848Mi --force-size", code: 2, says: "must stay free", hint: "--size 14336Mi"},
		{
			name: "a full file system", node: []shape{mounted("/srv", hosttest.FileSystem{Type: "ext4", TotalBytes: 1 << 30, FreeBytes: 1 << 20})},
			args: "setup --size 64Mi --path /srv/swapfile", code: 2, says: "no room", hint: "free some space",
		},
		{name: "a share of nothing", args: "setup --size 0%", code: 2, says: "more than 0%", hint: "--size 50%"},
		{name: "a share of too much", args: "setup --size 10001%", code: 2, says: "at most 10000%", hint: "--size 50%"},
		{name: "a percent sign alone", args: "setup --size %", code: 2, says: "not a share", hint: "--size 50%"},
		{name: "a share that is not a number", args: "setup --size half%", code: 2, says: "not a share", hint: "--size 50%"},
		{name: "a size for a device", args: "setup --device /dev/disk/by-id/virtio-vdb --size 4Gi", code: 2, says: "a device is used as a whole", hint: "leave the size out"},
	}
}

func badPaths() []situation {
	const small = "setup --size 8Mi --path "
	return []situation{
		{name: "relative path", args: small + "swapfile", code: 2, says: "not absolute", hint: "--path /swapfile"},
		{name: "unclean path", args: small + "/srv/../swapfile", code: 2, says: "shortest form", hint: "--path /swapfile"},
		{name: "path with a slash at its end", args: small + "/srv/", code: 2, says: "shortest form", hint: "--path /srv"},
		{name: "empty path", argv: []string{"setup", "--size", "8Mi", "--path", ""}, code: 2, says: "empty", hint: "--path /var/lib/swapctl/swapfile"},
		{name: "path with a control character", argv: []string{"setup", "--size", "8Mi", "--path", "/swap\x1b[2Jfile"}, code: 2, says: "control character", hint: "--path"},
		{name: "root directory as path", args: small + "/", code: 2, says: "root directory", hint: "--path /swapfile"},
		{name: "directory as path", node: []shape{dir("/srv", 0o755)}, args: small + "/srv", code: 2, says: "it is a directory", hint: "--path /srv/swapfile"},
		{name: "device as path", args: small + "/dev/vdb", code: 2, says: "it is a block device", hint: "--device"},
		{name: "file name too long", args: small + "/" + strings.Repeat("s", 250), code: 2, says: "more than 2", hint: "--path"},
		{name: "path too long", args: small + strings.Repeat("/swapswap", 500), code: 2, says: "too long", hint: "--path"},
		{name: "parent is a file", args: small + "/etc/hostname/swapfile", code: 2, says: "not a directory", hint: "--path"},
		{name: "file is a symbolic link", node: []shape{file("/real", "", 0o600), link("/swapfile", "/real")}, args: small + "/swapfile", code: 2, says: "/swapfile is a symbolic link", hint: "--path /real"},
		{name: "file is a dangling link", node: []shape{link("/swapfile", "/nowhere")}, args: small + "/swapfile", code: 2, says: "/swapfile is a symbolic link", hint: "--path"},
		{name: "parent is a symbolic link", node: []shape{dir("/data", 0o755), link("/srv", "data")}, args: small + "/srv/swapfile", code: 2, says: "/srv is a symbolic link", hint: "--path /data/swapfile"},
		{name: "parent that everybody may write to", node: []shape{dir("/srv", 0o777)}, args: small + "/srv/swapfile", code: 2, says: "everybody may write", hint: "chmod go-w /srv"},
		{name: "sticky parent", args: small + "/tmp/swapfile", code: 2, says: "everybody may write to /tmp", hint: "--path /var/lib/swapctl/swapfile"},
		{name: "parent of another user", node: []shape{dir("/srv", 0o755), owner("/srv", 1000, 1000)}, args: small + "/srv/swapfile", code: 2, says: "belongs to user 1000", hint: "chown root:root /srv"},
		{name: "parent that a group may write to", node: []shape{dir("/srv", 0o775), owner("/srv", 0, 50)}, args: small + "/srv/swapfile", code: 2, says: "group 50 may write", hint: "chmod go-w /srv"},
	}
}

func badValues() []situation {
	const small = "setup --size 8Mi "
	return []situation{
		{name: "priority too high", args: small + "--priority 40000", code: 2, says: "not between", hint: "leave it out"},
		{name: "priority too low", args: small + "--priority=-2", code: 2, says: "not between", hint: "leave it out"},
		{name: "priority in words", args: small + "--priority high", code: 2, says: "not a whole number", hint: "setup --help"},
		{name: "discard that is not known", args: small + "--discard always", code: 2, says: `"always" is not one of none, once, pages, both`, hint: "--discard none"},
		{name: "discards in a file below encryption", args: small + "--discard both", code: 2, says: "punch holes into the file", hint: "--discard none"},
		{name: "persist fstab", args: small + "--persist fstab", code: 2, says: "nothing on this node reads crypttab", hint: "--persist systemd"},
		{name: "persist that is not known", args: small + "--persist cron", code: 2, says: `"cron" is not one of`, hint: "--persist auto"},
		{name: "kubelet that is not known", args: small + "--kubelet maybe", code: 2, says: `"maybe" is neither`, hint: "--kubelet skip"},
		{name: "behavior that is not known", args: small + "--swap-behavior UnlimitedSwap", code: 2, says: `"UnlimitedSwap" is neither`, hint: "--swap-behavior LimitedSwap"},
		{name: "Kubernetes that is not known", args: small + "--kubernetes-version 1.21", code: 2, says: "Kubernetes 1.21 is not known", hint: "the kubelet is asked"},
		{name: "file and device", args: "setup --path /swapfile --device /dev/disk/by-id/virtio-vdb", code: 2, says: "a file or", hint: "use only one of them"},
	}
}

func badCommandLines() []situation {
	return []situation{
		{name: "misspelt command", args: "setpu", code: 2, says: `no command "setpu"`, hint: "did you mean 'swapctl setup'?", state: noState},
		{name: "command of another tool", args: "swapoff", code: 2, says: `no command "swapoff"`, hint: "swapctl --help", state: noState},
		{name: "misspelt flag", args: "setup --sise 4Gi", code: 2, says: "--sise", hint: "did you mean --size?"},
		{name: "flag of another tool", args: "setup --bogus", code: 2, says: "--bogus", hint: "swapctl setup --help"},
		{name: "short flag that is not there", args: "setup -s 4Gi", code: 2, says: "'s'", hint: "swapctl setup --help"},
		{name: "flag without its value", args: "-o table setup --size", code: 2, says: "--size", hint: "swapctl setup --help"},
		{name: "size without its flag", args: "setup 4Gi", code: 2, says: `unexpected argument "4Gi"`, hint: "--size 4Gi"},
		{name: "teardown of one path", args: "teardown /swapfile", code: 2, says: `unexpected argument "/swapfile"`, hint: "swapctl teardown --help"},
		{name: "yes-or-no flag with a blank", args: "setup --size 8Mi --encrypt false", code: 2, says: "unexpected argument", hint: "--encrypt=false"},
		{name: "yes-or-no flag that is neither", args: "setup --size 8Mi --encrypt=maybe", code: 2, says: "not true or false", hint: "setup --help"},
		{name: "yes-or-no flag of another command with a blank", args: "check --strict true", code: 2, says: "unexpected argument", hint: "--strict=true", state: noState},
		{name: "kind that is misspelt", args: "kubeadm-config --kind inti", code: 2, says: `--kind: "inti" is not one of init, join`, hint: "did you mean --kind init?", state: noState},
		{name: "output that is misspelt", args: "status -o jsno", code: 2, says: `"jsno" is not one of`, hint: "did you mean --output json?", state: noState},
		{name: "erase with a blank", args: "setup --erase /dev/vdb", code: 2, says: "unexpected argument", hint: "--erase=/dev/vdb"},
		{name: "output that is not known", args: "status -o xml", code: 2, says: `"xml" is not one of`, hint: "swapctl status --help", state: noState},
		{name: "exit code without dry run", args: "setup --size 8Mi --exit-code", code: 2, says: "--exit-code needs --dry-run", hint: "setup --help"},
		{name: "no such shell", args: "completion tcsh", code: 2, says: "tcsh", hint: "completion --help", state: noState},
	}
}

func badConfiguration() []situation {
	const name = "/etc/swapctl/config.yaml"
	config := func(text string) []shape { return []shape{file(name, text, 0o644)} }
	const small = "setup --size 8Mi"
	return []situation{
		{name: "key that is not known", node: config("encrypt: true\nsise: 4Gi\n"), args: small, code: 2, says: `line 2: unknown key "sise"`, hint: "did you mean size?"},
		{name: "key as the flag is spelt", node: config("key-size: 256\n"), args: small, code: 2, says: `unknown key "key-size"`, hint: "did you mean keySize?"},
		{name: "key of something else", node: config("kubernetes: 1.34\n"), args: small, code: 2, says: `unknown key "kubernetes"`, hint: "the keys are"},
		{name: "key twice", node: config("size: 1Gi\nsize: 2Gi\n"), args: small, code: 2, says: `line 2: duplicate key "size"`, hint: name},
		{name: "number in words", node: config("priority: high\n"), args: small, code: 2, says: "line 1: priority", hint: name},
		{name: "truth in words", node: config("encrypt: probably\n"), args: small, code: 2, says: "line 1: encrypt", hint: name},
		{name: "list instead of a value", node: config("size: [1Gi]\n"), args: small, code: 2, says: "line 1: size", hint: name},
		{name: "key without a value", node: config("size:\n"), args: small, code: 2, says: "it has no value", hint: name},
		{name: "value that will not do", node: config("discard: always\n"), args: small, code: 2, says: name + ": discard", hint: "none"},
		{name: "broken YAML", node: config("size: \"4Gi\n"), args: small, code: 2, says: "invalid YAML", hint: name},
		{name: "text instead of YAML", node: config("give me swap\n"), args: small, code: 2, says: "like 'size: 4Gi'", hint: name},
		{name: "two documents", node: config("size: 1Gi\n---\nsize: 2Gi\n"), args: small, code: 2, says: "more than one YAML document", hint: name},
		{name: "named file that is not there", args: small + " --config /etc/swap.yaml", code: 2, says: "/etc/swap.yaml", hint: "--config"},
		{name: "file that everybody may write to", node: []shape{file(name, "size: 4Gi\n", 0o666)}, args: small, code: 2, says: "everybody may write to " + name, hint: "chmod go-w " + name},
		{name: "configuration of another user", node: []shape{file(name, "size: 4Gi\n", 0o644), owner(name, 1000, 1000)}, args: small, code: 2, says: "belongs to user 1000", hint: "chown root:root " + name},
		{name: "directory instead of a file", node: []shape{dir(name, 0o755)}, args: small, code: 2, says: "not a regular file", hint: name},
		{name: "file without end", node: config(strings.Repeat("# nothing here\n", 5000)), args: small, code: 2, says: "more than 64 KiB", hint: name},
		{name: "variable of the wrong type", env: map[string]string{"SWAPCTL_PRIORITY": "high"}, args: small, code: 2, says: "SWAPCTL_PRIORITY", hint: "unset SWAPCTL_PRIORITY"},
		{name: "variable that is neither true nor false", env: map[string]string{"SWAPCTL_ENCRYPT": "maybe"}, args: small, code: 2, says: "SWAPCTL_ENCRYPT", hint: "unset SWAPCTL_ENCRYPT"},
		{name: "variable with a value that will not do", env: map[string]string{"SWAPCTL_DISCARD": "always"}, args: small, code: 2, says: "SWAPCTL_DISCARD", hint: "none"},
		{name: "empty variable counts as not set", env: map[string]string{"SWAPCTL_SIZE": ""}, args: "setup", code: 2, says: "size", hint: "--size 4Gi"},
		{name: "path by variable, device by file", node: config("device: /dev/vdb\n"), env: map[string]string{"SWAPCTL_PATH": "relative"}, args: small, code: 2, says: "not absolute", hint: "--path"},
	}
}
