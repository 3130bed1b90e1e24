package check

import (
	"strings"
)

func leakChecks() []Check {
	return []Check{
		{
			ID: "dm-crypt-available", Title: "The kernel can encrypt swap",
			Want: "dm-crypt: loaded, built in, or a module that lies ready",
			Why:  "swapctl encrypts with the kernel's dm-crypt, under a random key that is not stored.",
			Says: []Status{Pass, Fail, Unknown}, Run: dmCrypt,
			Preflight: WhenEncrypting,
		},
		{
			ID: "core-dumps", Title: "Core dumps",
			Want: "no core dumps on a disk, or a disk that is encrypted",
			Why:  "A core dump is the memory of a process, Secrets included, in clear: what encrypted swap keeps from the disk gets there this way.",
			Says: []Status{Pass, Warn, Unknown}, Run: coreDumps,
		},
		{
			ID: "kdump", Title: "Crash dumps",
			Want: "no crash kernel, or a disk that is encrypted",
			Why:  "When the kernel crashes, kdump writes all memory to a disk, in clear.",
			Says: []Status{Pass, Warn, Unknown}, Run: kdump,
		},
	}
}

func dmCrypt(f *Facts) Finding {
	l := f.Leaks
	switch {
	case l.DMCrypt:
		return pass(l.DMCryptFrom)
	case l.DMCryptSeen:
		return failed(l.DMCryptFrom+": no dm-crypt", "install the kernel's modules (linux-modules-extra on Ubuntu), or use a kernel with CONFIG_DM_CRYPT")
	}
	return unknown("neither /sys/module/dm_crypt nor /lib/modules/"+f.Release.Value+" nor /boot/config-"+f.Release.Value+" is to be seen", seenFromOutside(f))
}

func coreDumps(f *Facts) Finding {
	t := f.Leaks.CorePattern
	switch {
	case t.Err != nil:
		return unknown(t.String(), asRoot)
	case strings.HasPrefix(t.Value, "|/bin/false"), strings.HasPrefix(t.Value, "|/bin/true"), strings.HasPrefix(t.Value, "|/usr/bin/false"), t.Value == "":
		return pass(t.String() + " (none are kept)")
	case strings.HasPrefix(t.Value, "|"):
		return warn(t.String()+" (a program keeps them)", "with systemd-coredump: Storage=none in /etc/systemd/coredump.conf; or: sysctl -w kernel.core_pattern='|/bin/false'")
	case strings.HasPrefix(t.Value, "/"):
		return warn(t.String()+" (they are kept there)", "sysctl -w kernel.core_pattern='|/bin/false'")
	}
	return pass(t.String() + " (kept in the directory of the process, if its limit allows any)")
}

func kdump(f *Facts) Finding {
	t := f.Leaks.CrashKernel
	switch {
	case t.Missing():
		return pass(t.String() + " (this kernel cannot)")
	case t.Err != nil:
		return unknown(t.String(), asRoot)
	case t.Value == "1":
		return warn(t.String()+": a crash kernel is loaded", "have it write to an encrypted disk (/etc/kdump.conf, /etc/default/kdump-tools), or disable kdump")
	}
	return pass(t.String())
}
