package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// release is what goreleaser.yaml says about the program and its packages. It
// must have all keys of these sections: an unknown key is an error, because a
// package made without it would not be the one that is released.
type release struct {
	build    build
	packages packages
}

// build is an element of "builds".
type build struct {
	ID           string
	Main         string
	Binary       string
	Env          []string
	Goos         []string
	Goarch       []string
	Goamd64      []string
	Goarm64      []string
	Flags        []string
	Ldflags      string
	ModTimestamp string `yaml:"mod_timestamp"`
}

// packages is an element of "nfpms".
type packages struct {
	ID               string
	PackageName      string `yaml:"package_name"`
	Formats          []string
	FileNameTemplate string `yaml:"file_name_template"`
	Vendor           string
	Homepage         string
	Maintainer       string
	Description      string
	License          string
	Section          string
	Bindir           string
	MTime            string
	Scripts          struct{ Preremove, Postremove string }
	RPM              struct{ Group string }
	Contents         []content
}

type content struct {
	Src, Dst, Type, Packager string
	FileInfo                 struct {
		Mode  os.FileMode
		MTime string
	} `yaml:"file_info"`
}

// readRelease reads goreleaser.yaml in the directory.
func readRelease(root string) (release, error) {
	var r release
	text, err := os.ReadFile(filepath.Join(root, "goreleaser.yaml"))
	if err != nil {
		return r, err
	}
	var all map[string]yaml.Node
	if err := yaml.Unmarshal(text, &all); err != nil {
		return r, err
	}
	if r.build, err = onlyOne[build](all["builds"]); err != nil {
		return r, fmt.Errorf("goreleaser.yaml: builds: %w", err)
	}
	if r.packages, err = onlyOne[packages](all["nfpms"]); err != nil {
		return r, fmt.Errorf("goreleaser.yaml: nfpms: %w", err)
	}
	return r, nil
}

// onlyOne decodes a list of one element, in which every key must be known.
func onlyOne[T any](section yaml.Node) (T, error) {
	var list []T
	text, err := yaml.Marshal(&section)
	if err == nil {
		strict := yaml.NewDecoder(bytes.NewReader(text))
		strict.KnownFields(true)
		err = strict.Decode(&list)
	}
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d of them, not 1", len(list))
	}
	if err != nil {
		return *new(T), err
	}
	return list[0], nil
}
