package kubeadm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kubeletcfg"
	"github.com/swapctl/swapctl/internal/report"
)

// lintFlags are the flags of 'swapctl kubeadm-config lint'.
type lintFlags struct {
	version string
	cgroup  int
	strict  bool
}

const lintLong = `Find what kubeadm and the kubelet of a Kubernetes version would take without
doing what it says, or die of: misspelt fields, gates that are unknown or locked,
behaviors that are gone, evictionHard that wipes defaults, the wrong API version.

Files may be those of kubeadm's --config, a kubelet's --config, drop-in files
(*.conf), patches (kubeletconfiguration*), and directories of these; a
KubeletConfiguration and drop-in files that are given together are judged as the
kubelet would merge them. Files of other tools (kind, Cluster API, EKS, OpenShift,
k3s, Talos and more) are recognised, and what in them is for a kubelet is judged.

Exits with 3 when there are faults, with --strict also for warnings.`

func newLint(a *cli.App) *cobra.Command {
	var o lintFlags
	cmd := &cobra.Command{
		Use:   "lint FILE|DIR|-...",
		Short: "Find faults that kubeadm and the kubelet keep to themselves",
		Long:  lintLong,
		Example: `  swapctl kubeadm-config lint kubeadm.yaml
  swapctl kubeadm-config lint --kubernetes-version 1.34 /var/lib/kubelet/config.yaml /etc/kubernetes/kubelet.conf.d

  # For code scanning
  swapctl kubeadm-config lint -o sarif kubeadm.yaml > lint.sarif`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usage(cmd, errors.New("name the files to look at"), "for example "+cmd.CommandPath()+" kubeadm.yaml")
			}
			if err := cli.OneStdin(cmd, args...); err != nil {
				return err
			}
			return cli.CgroupVersion(cmd, o.cgroup)
		},
		RunE: func(_ *cobra.Command, args []string) error { return lint(a, &o, args) },
	}
	addKubernetes(cmd, &o.version, "kubernetesVersion of the file", &o.cgroup)
	cmd.Flags().VarP(report.CaseFormat{Format: &a.Output}, "output", "o", "how to print the result")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "exit with 3 for warnings as well")
	return cmd
}

func lint(a *cli.App, o *lintFlags, names []string) error {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return err
	}
	files, roles, err := lintFiles(a, names)
	if err != nil {
		return err
	}
	version := o.version
	if version == "" {
		version = kubeletcfg.VersionIn(files)
	}
	if version == "" {
		version = rows.Newest()
		a.Warn("no file says which Kubernetes it is for: it is checked for %s; --kubernetes-version says another", version)
	}
	row, err := rows.Find(version)
	if err != nil {
		return badVersion(rows, err)
	}
	found := kubeletcfg.Lint(files, kubeletcfg.LintOptions{Row: row, CgroupVersion: o.cgroup, Roles: roles})
	doc := newLintDocument(row, found, a.Docs())
	if err := doc.print(a); err != nil {
		return err
	}
	if faults := doc.Summary.Fail; faults > 0 || o.strict && doc.Summary.Warn > 0 {
		return fail.New(fail.Unfit, "pass these files for Kubernetes "+row.Kubernetes,
			fmt.Errorf("lint found %s and %s", count(faults, "fault"), count(doc.Summary.Warn, "warning")),
			"what to write instead stands below each; for another version: --kubernetes-version")
	}
	return nil
}

// lintFiles reads files, and of directories those files that may be
// configurations.
func lintFiles(a *cli.App, names []string) ([]kubeletcfg.Source, map[string]kubeletcfg.Role, error) {
	var files []kubeletcfg.Source
	roles := map[string]kubeletcfg.Role{}
	for _, name := range names {
		stat, err := a.Host.Files.Stat(name)
		if name == "-" || err != nil || !stat.Mode.IsDir() {
			source, err := readSource(a, name)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, source)
			continue
		}
		left := int64(host.TableLimit)
		inside, err := walk(a, name, &left)
		if err != nil {
			return nil, nil, fail.New(fail.Usage, "read "+name, err, "name a directory that holds nothing but configurations, or the files themselves")
		}
		if len(inside) == 0 {
			return nil, nil, fail.New(fail.Usage, "read "+name, errors.New("there is no file in it"), "name a directory with drop-in files or patches")
		}
		for _, source := range inside {
			if role := roleIn(name, source.Name, inside); role != kubeletcfg.RoleConfig {
				roles[source.Name] = role
			} else if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(source.Name)) {
				continue
			}
			files = append(files, source)
		}
	}
	return files, roles, nil
}

// errTooMuch is the error of a directory that does not look like one of
// configurations.
var errTooMuch = fmt.Errorf("there are more than %d MiB of files in it", host.TableLimit>>20)

// roleIn says what a file in a named directory is used as: the role of its own
// directory, or else of the one above.
func roleIn(top, name string, files []kubeletcfg.Source) kubeletcfg.Role {
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		role := directoryRole(dir, files)
		if role != kubeletcfg.RoleConfig || dir == filepath.Clean(top) || dir == filepath.Dir(dir) {
			return role
		}
	}
}

// directoryRole says what the files of a directory are used as: if one of its
// files can only have one role, all of them have it. A file called *.conf that
// does not configure a kubelet, such as /etc/kubernetes/admin.conf, says
// nothing.
func directoryRole(dir string, files []kubeletcfg.Source) kubeletcfg.Role {
	for _, f := range files {
		if filepath.Dir(f.Name) != dir {
			continue
		}
		switch role := kubeletcfg.RoleOf(f.Name); {
		case role == kubeletcfg.RolePatch, role == kubeletcfg.RoleDropin && bytes.Contains(f.Data, []byte(kubeletcfg.ConfigKind)):
			return role
		}
	}
	if strings.HasSuffix(dir, ".d") {
		return kubeletcfg.RoleDropin
	}
	return kubeletcfg.RoleConfig
}

// walk reads all files below a directory, in the order in which the kubelet
// walks it (filepath.WalkDir). Like the kubelet, it does not follow links to
// directories. left is the remaining number of bytes.
func walk(a *cli.App, dir string, left *int64) ([]kubeletcfg.Source, error) {
	names, err := a.Host.Files.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []kubeletcfg.Source
	for _, name := range names {
		path := filepath.Join(dir, name)
		stat, err := a.Host.Files.Lstat(path)
		if err != nil {
			return nil, err
		}
		if stat.Mode.IsDir() {
			inside, err := walk(a, path, left)
			if err != nil {
				return nil, err
			}
			files = append(files, inside...)
			continue
		}
		if stat.Mode&fs.ModeType != 0 && !stat.IsSymlink() {
			continue // reading a socket or pipe would block
		}
		if stat.IsSymlink() && filepath.Ext(name) != ".conf" && leadsToDir(a, path) {
			continue
		}
		data, err := a.Host.Files.ReadFile(path, host.FileLimit)
		if err != nil {
			return nil, err
		}
		const each = 4 << 10 // an empty file takes memory, too
		if *left -= each + int64(len(data)); *left < 0 {
			return nil, errTooMuch
		}
		files = append(files, kubeletcfg.Source{Name: path, Data: data})
	}
	return files, nil
}

// leadsToDir reports whether a link leads to a directory, such as ..data in a
// mounted ConfigMap.
func leadsToDir(a *cli.App, link string) bool {
	stat, err := a.Host.Files.Stat(link)
	return err == nil && stat.Mode.IsDir()
}
