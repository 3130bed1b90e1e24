package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"  // the format
	_ "github.com/goreleaser/nfpm/v2/arch" // the format
	_ "github.com/goreleaser/nfpm/v2/deb"  // the format
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // the format
)

// What goreleaser reads from git: always the same, so that the same sources
// give the same packages.
const (
	commit     = "0123456789abcdef0123456789abcdef01234567"
	commitDate = "2025-01-02T03:04:05Z"
)

// made is the directory to which hack/release-files.sh writes, for goreleaser.
const made = "bin/release"

// maker makes packages as goreleaser does (v2, internal/pipe/nfpm/nfpm.go), for amd64.
type maker struct {
	root  string // root directory of the repository
	files string // output of hack/release-files.sh
	release
}

// newMaker reads what a release contains, and makes in the directory what the
// packages contain besides the program.
func newMaker(root, work string) (*maker, error) {
	r, err := readRelease(root)
	if err != nil {
		return nil, err
	}
	m := &maker{root: root, files: filepath.Join(work, "files"), release: r}
	return m, run(exec.Command(filepath.Join(root, "hack/release-files.sh"), m.files))
}

// program builds the program with that version, with the flags of a release.
func (m *maker) program(version, to string) error {
	ldflags, err := m.fill(m.build.Ldflags, version, nil)
	if err != nil {
		return err
	}
	args := append([]string{"build"}, m.build.Flags...)
	cmd := exec.Command("go", append(args, "-ldflags", ldflags, "-o", to, m.build.Main)...)
	cmd.Dir = m.root
	cmd.Env = append(append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "GOAMD64="+m.build.Goamd64[0]), m.build.Env...)
	return run(cmd)
}

// pack makes the package of a version in one format, with a program, and
// returns its path.
func (m *maker) pack(version, format, program, dir string) (string, error) {
	info, err := m.info(version, format, program)
	if err != nil {
		return "", err
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return "", err
	}
	info = nfpm.WithDefaults(info)
	name, err := m.fill(m.packages.FileNameTemplate, version, map[string]string{"ConventionalFileName": packager.ConventionalFileName(info)})
	if err != nil {
		return "", err
	}
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return "", err
	}
	if err := packager.Package(info, file); err != nil {
		file.Close()
		return "", fmt.Errorf("cannot make %s: %w", name, err)
	}
	return file.Name(), file.Close()
}

// info converts the section nfpms for the library nfpm.
func (m *maker) info(version, format, program string) (*nfpm.Info, error) {
	p := m.packages
	mtime, err := m.time(p.MTime, version)
	if err != nil {
		return nil, err
	}
	contents, err := m.contents(version, format)
	if err != nil {
		return nil, err
	}
	contents = append(contents, &files.Content{
		Source: program, Destination: path.Join(p.Bindir, m.build.Binary), FileInfo: &files.ContentFileInfo{Mode: 0o755, MTime: mtime},
	})
	return &nfpm.Info{
		Arch: "amd64", Platform: "linux", Name: p.PackageName, Version: version, Section: p.Section, Maintainer: p.Maintainer,
		Description: p.Description, Vendor: p.Vendor, Homepage: p.Homepage, License: p.License, MTime: mtime,
		Overridables: nfpm.Overridables{
			Contents: contents,
			Scripts:  nfpm.Scripts{PreRemove: m.path(p.Scripts.Preremove), PostRemove: m.path(p.Scripts.Postremove)},
			Deb:      nfpm.Deb{ArchVariant: m.build.Goamd64[0]},
			RPM:      nfpm.RPM{Group: p.RPM.Group},
		},
	}, nil
}

func (m *maker) contents(version, format string) (files.Contents, error) {
	var all files.Contents
	for _, c := range m.packages.Contents {
		if c.Packager != "" && c.Packager != format {
			continue
		}
		mtime, err := m.time(c.FileInfo.MTime, version)
		if err != nil {
			return nil, err
		}
		all = append(all, &files.Content{
			Source: m.path(c.Src), Destination: c.Dst, Type: c.Type,
			FileInfo: &files.ContentFileInfo{Mode: c.FileInfo.Mode, MTime: mtime},
		})
	}
	return all, nil
}

// path returns the path of a file of the repository.
func (m *maker) path(name string) string {
	if rest, is := strings.CutPrefix(name, made+"/"); is {
		return filepath.Join(m.files, rest)
	}
	return filepath.Join(m.root, name)
}

// fill executes a template of goreleaser; a field that is not known here is an
// error.
func (m *maker) fill(text, version string, more map[string]string) (string, error) {
	values := map[string]string{"Version": version, "FullCommit": commit, "CommitDate": commitDate}
	maps.Copy(values, more)
	parsed, err := template.New(text).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = parsed.Execute(&out, values)
	return out.String(), err
}

func (m *maker) time(text, version string) (time.Time, error) {
	filled, err := m.fill(text, version, nil)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, filled)
}

func run(cmd *exec.Cmd) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, output.String())
	}
	return nil
}
