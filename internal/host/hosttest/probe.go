package hosttest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// TmpfsNoswap implements host.Kernel: from Linux 6.4 on, for root.
func (p *process) TmpfsNoswap() (bool, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return false, err
	}
	if p.node.euid != 0 {
		return false, fmt.Errorf("fsopen tmpfs: %w", unix.EPERM)
	}
	major, rest, _ := strings.Cut(p.node.text("/proc/sys/kernel/osrelease"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(minor)
	return a > 6 || a == 6 && b >= 4, nil
}

// EncryptBlock implements host.Kernel: a kernel without AF_ALG.
func (p *process) EncryptBlock(string, int, int, time.Duration) (time.Duration, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("the kernel's ciphers: %w", errors.ErrUnsupported)
}
