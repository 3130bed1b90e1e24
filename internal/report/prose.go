package report

import (
	"slices"
	"strings"
)

// Prose writes a message for a person: like Text, but no command in it is broken, so
// that it can be copied, and the second line is indented.
func (p *Printer) Prose(text string) error {
	if p.width > 0 {
		text = loose(hanging(keepCommands(text), p.width, min(2, p.width/8)))
	}
	return p.Line(text)
}

// WrapProse is Wrap that breaks no command.
func (p *Printer) WrapProse(text string) string { return loose(p.Wrap(keepCommands(text))) }

// nonBreaking stands for a blank that is not broken at.
const nonBreaking = "\u00a0"

func loose(text string) string { return strings.ReplaceAll(text, nonBreaking, " ") }

// Programs are those whose names begin a command in messages of swapctl.
func Programs() []string {
	return strings.Fields(`swapctl sudo kubectl kubeadm systemctl journalctl apt-get dnf
	blkdiscard blkid blockdev btrfs cat chattr chmod chown cryptsetup df dmesg dmsetup echo find findmnt free fuser grep
	hexdump install losetup ls lsattr lsblk lvcreate man mkfs mkswap modprobe mount mv pgrep rm rmdir sed shred swapoff swapon
	sysctl tail udevadm umount uname unset update-grub update-initramfs wipefs`)
}

// begins reports whether a program's name at i is that of a command, and not of
// something that a sentence is about.
func begins(words []string, i int) bool {
	if i == 0 || words[i] != strings.TrimLeft(words[i], "('") || i+1 < len(words) && strings.HasPrefix(words[i+1], "-") {
		return true
	}
	before := words[i-1]
	return before == "" || before == "or" || before == "and" || strings.HasSuffix(before, ",") ||
		strings.HasSuffix(before, ":") || strings.HasSuffix(before, ";") || before == "|"
}

// keepCommands makes the blanks of each command nonbreaking: from the name of a program
// to the next comma, semicolon, bracket or closing quote; with a flag goes its value.
func keepCommands(text string) string {
	words, names := strings.Split(text, " "), Programs()
	var b strings.Builder
	inside, quoted, flag := false, false, false
	for i, word := range words {
		if i > 0 && (inside || flag && !strings.HasPrefix(word, "(")) {
			b.WriteString(nonBreaking)
		} else if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(word)
		bare := strings.TrimLeft(word, "('")
		if !inside && slices.Contains(names, bare) && begins(words, i) {
			inside, quoted = true, strings.HasPrefix(word, "'") || strings.HasPrefix(word, "('")
		}
		ends := strings.HasSuffix(word, ",") || strings.HasSuffix(word, ";") || strings.HasSuffix(word, ")")
		if quoted {
			ends = strings.HasSuffix(strings.TrimRight(word, ",;)?."), "'")
		}
		inside = inside && !ends
		flag = strings.HasPrefix(bare, "--") && !strings.Contains(word, "=") && !strings.ContainsAny(word[len(word)-1:], ",;)?:")
	}
	return b.String()
}
