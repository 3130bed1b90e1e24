// Command packages makes the packages that goreleaser.yaml describes, for any
// version, with the library that goreleaser uses. It is for tests (test/e2e);
// hack/release.sh makes releases.
//
//	go run . -out DIR [-format deb] VERSION...
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", "../..", "the top of the repository")
	out := flag.String("out", "", "directory for the packages")
	format := flag.String("format", "deb", "deb, rpm, apk or archlinux")
	flag.Parse()
	if err := makeAll(*root, *out, *format, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "packages:", err)
		os.Exit(1)
	}
}

func makeAll(root, out, format string, versions []string) error {
	work, err := os.MkdirTemp("", "swapctl-packages-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	m, err := newMaker(root, work)
	if err != nil {
		return err
	}
	program := filepath.Join(work, "swapctl")
	for _, version := range versions {
		if err := m.program(version, program); err != nil {
			return err
		}
		made, err := m.pack(version, format, program, out)
		if err != nil {
			return err
		}
		fmt.Println(made)
	}
	return nil
}
