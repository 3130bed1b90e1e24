// Package setup is swapctl setup and swapctl teardown.
package setup

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/check"
	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/setup"
)

// flags are the flags of 'swapctl setup' that are not settings of the
// configuration file.
type flags struct {
	setup.UpOptions
	settings Settings
	exitCode bool
	explain  bool
	boot     bool
	ignore   []string
}

// New returns the command setup.
func New(a *cli.App) *cobra.Command {
	var o flags
	cmd := &cobra.Command{
		Use:        "setup",
		Short:      "Give this node swap",
		SuggestFor: []string{"enable", "install", "init", "create", "add", "up", "on", "apply", "swapon", "mkswap", "resize", "grow", "shrink", "change", "edit", "set", "update", "upgrade", "run", "start", "encrypt"},
		Long: `Give this node swap: an area of the size you say, in a file or on a device,
encrypted with a random key that dies with the boot.

Every step is looked at first and done only where something is to do, so running
it again changes nothing. If a step fails, or you interrupt it, what this run did
is undone. Each flag can also be set in ` + DefaultConfigFile + `
('keySize: 256') or in the environment (SWAPCTL_KEY_SIZE=256).`,
		Example: `  # What would be done, and how to do it by hand
  swapctl setup --size 4Gi --dry-run --explain

  # Half as much swap as memory, in a file
  swapctl setup --size 50%

  # A whole partition, whatever is on it now
  swapctl setup --device /dev/disk/by-partuuid/2d9be9c5-01 --erase`,
		Args:        cli.NoArguments(wordHint),
		Annotations: map[string]string{cli.Changes: "yes"},
		RunE: a.Change(func(cmd *cobra.Command) error {
			return up(cmd.Context(), a, cmd, o)
		}),
	}
	o.settings = NewSettings()
	f := cmd.Flags()
	f.AddFlagSet(o.settings.area)
	f.AddFlagSet(o.settings.node)
	f.StringVar(&a.ConfigFile, "config", "", "configuration `file` (default "+DefaultConfigFile+" if there is one)")
	verboseFlag(a, f)
	f.StringVar(&o.Erase, "erase", "", "use the file or device even if it is not empty; --erase=`name` only if it is that one")
	f.Lookup("erase").NoOptDefVal = "true"
	f.BoolVar(&o.Adopt, "adopt", false, "take over swap that is there already, not encrypted: turn it on at boot; teardown leaves it on")
	f.BoolVar(&o.ForceSize, "force-size", false, "allow a file of more than half of its file system")
	f.BoolVar(&o.IgnoreHibernation, "ignore-hibernation", false, "encrypt swap although the node is set up to hibernate, which it then cannot")
	f.BoolVar(&o.DryRun, "dry-run", false, "only look: show the steps and change nothing")
	f.BoolVar(&o.exitCode, "exit-code", false, "with --dry-run: exit with 4 when something is to do")
	f.BoolVar(&o.boot, "boot", false, "bring back what was last set up, as the journal has it: what swapctl.service runs at boot")
	f.StringSliceVar(&o.ignore, "ignore", nil, "on a node with a kubelet, go on although these checks fail: `ID,...` (see swapctl check)")
	f.BoolVar(&o.explain, "explain", false, "tell of every step why, and the commands to do it by hand")
	return cmd
}

// wordHint guesses which flag a word belongs to.
func wordHint(cmd *cobra.Command, word string) []string {
	switch {
	case cmd.Flags().Changed("erase"):
		return []string{"--erase takes its value with '=': --erase=" + word}
	case isSize(word):
		return []string{"a size has a flag: --size " + word}
	}
	return nil
}

// isSize reports whether a word can only be a size of swap.
func isSize(word string) bool {
	_, share, _ := bytesize.ParseShare(word, 0)
	_, err := bytesize.Parse(word)
	return share || err == nil
}

// NewSettings returns the list of all settings, each a field of setup.Config.
func NewSettings() Settings {
	d := setup.Default()
	one := d.Areas[0]
	f := pflag.NewFlagSet("area", pflag.ContinueOnError)
	f.SortFlags = false
	f.String("size", one.Size, "`size` of the swap area: 4Gi, 4GiB, 512M, bytes, or 50% of the memory")
	f.String("path", one.Path, "swap `file`")
	f.String("device", one.Device, "swap on this block `device` instead of a file")
	f.Bool("encrypt", one.Encrypt, "encrypt what is swapped out")
	f.String("cipher", one.Cipher, "`cipher`, as dm-crypt names it")
	f.Int("key-size", one.KeySize, "`bits` of the key; xts halves them")
	f.String("sector-size", one.SectorSize, "how many bytes are encrypted at a time")
	f.String("preallocation", one.Preallocation, "of an encrypted file: written with zeros, or made quicker and slower under pressure")
	f.String("name", one.Name, "`name` of the encrypted mapping")
	f.Int("priority", one.Priority, "0 to 32767, higher is used first; -1: the kernel chooses")
	f.String("discard", one.Discard, "when to tell the disk what is free")

	n := pflag.NewFlagSet("node", pflag.ContinueOnError)
	n.SortFlags = false
	n.Int("swappiness", d.Swappiness, "set vm.swappiness, 0 to 200; -1: leave it")
	n.Int("min-free-kbytes", d.MinFreeKbytes, "set vm.min_free_kbytes, in `KiB`; -1: leave it")
	n.Int("watermark-scale-factor", d.WatermarkScaleFactor, "set vm.watermark_scale_factor, 1 to 3000; -1: leave it")
	n.Int("watermark-boost-factor", d.WatermarkBoostFactor, "set vm.watermark_boost_factor, 0 for no boost; -1: leave it")
	n.Bool("protect-system-slice", d.ProtectSystemSlice, "never swap out the node's own services, and give them precedence at the disk")
	n.String("persist", d.Persist, "what brings swap back after a reboot; auto: systemd where it runs")
	n.String("kubelet", d.Kubelet, "have the node's kubelet tolerate swap, or leave it as it is")
	n.String("swap-behavior", d.SwapBehavior, "what the kubelet gives to pods")
	n.String("kubernetes-version", d.KubernetesVersion, "`version` of the kubelet, 1.34; without it the kubelet is asked")
	n.Bool("no-restart", d.NoRestart, "do not restart the kubelet; 'swapctl status' says that it is still to do")
	cli.OneOf(f, "sector-size", "auto", "512", "4096")
	cli.OneOf(f, "preallocation", "full\twith zeros written", "falloc\tquicker to make")
	cli.OneOf(f, "discard", "none", "once\twhen swap is turned on", "pages\tevery page that gets free", "both")
	cli.OneOf(n, "persist", "auto", "systemd", "fstab", "none")
	cli.OneOf(n, "kubelet", "auto", "skip")
	cli.OneOf(n, "swap-behavior", "LimitedSwap", "NoSwap")
	return Settings{area: f, node: n}
}

func up(ctx context.Context, a *cli.App, cmd *cobra.Command, o flags) error {
	if o.exitCode && !o.DryRun {
		return cli.Usage(cmd, errors.New("--exit-code needs --dry-run"), "add it: --dry-run --exit-code")
	}
	if o.boot {
		return bootAgain(ctx, a, cmd, o)
	}
	c, origins, err := loadConfig(a, o.settings)
	if err != nil {
		return err
	}
	if err := (check.Options{Ignore: o.ignore}).Validate(); err != nil {
		return err
	}
	o.Preflight = func(ctx context.Context) error { return preflight(ctx, a, c, o.ignore) }
	var foretold []string
	o.Foretell = func(warning string) {
		foretold = append(foretold, warning)
		a.Warn("%s", warning)
	}
	watch := watch(a)
	o.Events = watch.event
	r, err := setup.Up(ctx, a.Host, c, o.UpOptions)
	watch.end()
	if err = finish(a, r, blame(err, origins), o.explain, foretold...); err != nil {
		return err
	}
	if o.exitCode && r.Pending {
		return cli.PendingError{}
	}
	return nil
}

// preflight runs the checks of 'swapctl check' that matter before there is
// swap.
func preflight(ctx context.Context, a *cli.App, c setup.Config, ignore []string) error {
	results, err := check.Preflight(ctx, a.Host, check.PreflightOptions{
		ReadOptions: check.ReadOptions{KubernetesVersion: c.KubernetesVersion},
		Encrypt:     slices.ContainsFunc(c.Areas, func(a setup.Area) bool { return a.Encrypt }),
		Kubelet:     c.Kubelet == "auto", Ignore: ignore,
	})
	for _, r := range results {
		if r.Status == check.Warn {
			a.Warn("check %s: %s; %s", r.ID, r.Found, r.Hint)
		}
	}
	return err
}

// finish shows what setup or teardown found and did, also when it failed half
// way, and keeps the state that an error must end with. What was warned of before the
// first step is not warned of again.
func finish(a *cli.App, r setup.Report, err error, explain bool, foretold ...string) error {
	a.State = r.State
	if err == nil || r.Changed { // otherwise they are about changes that were not made
		for _, warning := range r.Warnings {
			if !slices.Contains(foretold, warning) {
				a.Warn("%s", warning)
			}
		}
	}
	if len(r.Steps) == 0 && err != nil {
		return err
	}
	printErr := a.Print(r, reportView{r, explain, err != nil}.draw)
	if err != nil {
		return err // the first error is the one that matters
	}
	if r.Changed {
		printErr = cli.Hinted(printErr, "all of it is done, and stays so: see 'swapctl status'")
	}
	return printErr
}
