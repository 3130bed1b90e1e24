// Command facts reads the fields and feature gates that swapctl must know from
// Kubernetes' source, and writes internal/kubeletcfg/fields.txt and gates.txt:
//
//	cd test/upstream && go run ./facts
//
// It downloads k8s.io/kubernetes, kubelet, apiserver and client-go of every minor
// in versions.yaml (the last release in its 'source') into the module cache, one
// after the other, about 250 MB each. With -source DIR it reads the parts of
// k8s.io/kubernetes from DIR/1.34.4, if that exists.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// release is the source of one minor.
type release struct {
	minor      int
	kubernetes string // directory of k8s.io/kubernetes
	kubelet    string // directory of k8s.io/kubelet
	apiserver  string // directory of k8s.io/apiserver
	client     string // directory of k8s.io/client-go
}

func main() {
	source := flag.String("source", "", "`directory` with parts of k8s.io/kubernetes, by release")
	out := flag.String("out", "../../internal/kubeletcfg", "`directory` to write to")
	flag.Parse()
	if err := run(*source, *out); err != nil {
		log.Fatal(err)
	}
}

func run(source, out string) error {
	rows, err := kubeletcfg.Load()
	if err != nil {
		return err
	}
	var releases []release
	for _, row := range rows {
		r, err := find(row, source)
		if err != nil {
			return err
		}
		releases = append(releases, r)
	}
	fields, err := fieldsOf(releases)
	if err != nil {
		return err
	}
	gates, err := gatesOf(releases)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "fields.txt"), fields, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "gates.txt"), gates, 0o644)
}

func find(row kubeletcfg.Row, source string) (release, error) {
	list := strings.Split(row.Source, ", ")
	version := list[len(list)-1] // v1.34.4
	r := release{}
	if _, err := fmt.Sscanf(row.Kubernetes, "1.%d", &r.minor); err != nil {
		return r, err
	}
	var err error
	if r.kubelet, err = download("k8s.io/kubelet@v0" + strings.TrimPrefix(version, "v1")); err != nil {
		return r, err
	}
	if r.apiserver, err = download("k8s.io/apiserver@v0" + strings.TrimPrefix(version, "v1")); err != nil {
		return r, err
	}
	if r.client, err = download("k8s.io/client-go@v0" + strings.TrimPrefix(version, "v1")); err != nil {
		return r, err
	}
	r.kubernetes = filepath.Join(source, strings.TrimPrefix(version, "v"))
	if _, statErr := os.Stat(r.kubernetes); source == "" || statErr != nil {
		r.kubernetes, err = download("k8s.io/kubernetes@" + version)
	}
	return r, err
}

// download makes the go command download a module, and returns its directory.
func download(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // ignore the replacements of any module
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", module, err, text)
	}
	var found struct{ Dir string }
	return found.Dir, json.Unmarshal(text, &found)
}
