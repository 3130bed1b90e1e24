package setup

import (
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/host"
)

// CompleteDevices offers the names of block devices that stay: not sda, which may
// be another disk tomorrow, and no UUID or label, which encryption erases.
func CompleteDevices(a *cli.App, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []cobra.Completion
	for _, dir := range []string{"/dev/disk/by-id", "/dev/disk/by-partuuid", "/dev/disk/by-partlabel", "/dev/disk/by-path", "/dev/mapper"} {
		names, _ := a.Host.Files.ReadDir(dir) // not every machine has each of them
		for _, name := range names {
			if link := path.Join(dir, name); name != "control" && strings.HasPrefix(link, typed) { // a look at each costs
				words = append(words, cobra.CompletionWithDesc(link, deviceWord(a, link)))
			}
		}
	}
	return words, cobra.ShellCompDirectiveDefault | cobra.ShellCompDirectiveKeepOrder
}

// deviceWord is the kernel name of a device, and its size.
func deviceWord(a *cli.App, link string) string {
	target, err := a.Host.Files.EvalSymlinks(link)
	if err != nil {
		return ""
	}
	word := path.Base(target)
	size, err := a.Host.Files.ReadFile("/sys/class/block/"+word+"/size", host.SmallLimit)
	sectors, parseErr := strconv.ParseInt(strings.TrimSpace(string(size)), 10, 64)
	if err != nil || parseErr != nil {
		return word
	}
	const sector = 512 // whatever the device has: include/linux/blk_types.h, SECTOR_SHIFT
	return word + ", " + bytesize.Format(sectors*sector)
}
