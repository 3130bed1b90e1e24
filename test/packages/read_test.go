package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/blakesmith/ar"
	"github.com/klauspost/compress/zstd"
)

// contents is what is in a package of any format.
type contents struct {
	name, version, arch   string
	preremove, postremove string
	files                 map[string]file // by absolute path
}

type file struct {
	mode         fs.FileMode
	owner, group string
	config       bool   // an upgrade keeps the administrator's changes
	digest       string // SHA-256; empty for a directory
}

// addTar adds the files of an archive. It passes those whose names begin with a
// dot, which describe the package, to special.
func (c *contents) addTar(r io.Reader, special func(name, text string)) error {
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		name := path.Join("/", h.Name)
		if special != nil && strings.HasPrefix(name, "/.") {
			special(name[1:], string(text))
			continue
		}
		f := file{mode: h.FileInfo().Mode(), owner: cmp.Or(h.Uname, fmt.Sprint(h.Uid)), group: cmp.Or(h.Gname, fmt.Sprint(h.Gid))}
		if !f.mode.IsDir() {
			f.digest = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		if c.files == nil {
			c.files = map[string]file{}
		}
		c.files[name] = f
	}
}

// setConfig marks a file that the package lists as a configuration file.
func (c *contents) setConfig(name string) {
	f := c.files[name]
	f.config = true
	c.files[name] = f
}

// field returns the value of a line "NAME<separator>VALUE".
func field(text, name, separator string) string {
	for line := range strings.Lines(text) {
		if value, is := strings.CutPrefix(line, name+separator); is {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// readDeb reads a package in the format of deb(5).
func readDeb(text []byte) (contents, error) {
	var c contents
	control := map[string]string{}
	for archive := ar.NewReader(bytes.NewReader(text)); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c, err
		}
		name := strings.TrimSuffix(h.Name, "/")
		if !strings.HasSuffix(name, ".tar.gz") {
			continue
		}
		unzipped, err := gzip.NewReader(archive)
		if err != nil {
			return c, err
		}
		if name == "data.tar.gz" {
			if err := c.addTar(unzipped, nil); err != nil {
				return c, err
			}
			continue
		}
		for members := tar.NewReader(unzipped); ; {
			h, err := members.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return c, err
			}
			text, err := io.ReadAll(members)
			if err != nil {
				return c, err
			}
			control[path.Base(h.Name)] = string(text)
		}
	}
	about := control["control"]
	c.name, c.version, c.arch = field(about, "Package", ": "), field(about, "Version", ": "), field(about, "Architecture", ": ")
	c.preremove, c.postremove = control["prerm"], control["postrm"]
	for name := range strings.FieldsSeq(control["conffiles"]) {
		c.setConfig(name)
	}
	return c, nil
}

// readAPK reads a package of Alpine. It lists no configuration files: apk
// treats all of /etc as such.
func readAPK(text []byte) (contents, error) {
	var c contents
	unzipped, err := gzip.NewReader(bytes.NewReader(text)) // several gzip streams, one after the other, are one archive
	if err != nil {
		return c, err
	}
	err = c.addTar(unzipped, func(name, text string) {
		switch name {
		case ".PKGINFO":
			c.name, c.version, c.arch = field(text, "pkgname", " = "), field(text, "pkgver", " = "), field(text, "arch", " = ")
		case ".pre-deinstall":
			c.preremove = text
		case ".post-deinstall":
			c.postremove = text
		}
	})
	return c, err
}

// readArch reads a package of Arch Linux (alpm-package(7), alpm-install-scriptlet(5)).
func readArch(text []byte) (contents, error) {
	var c contents
	unzipped, err := zstd.NewReader(bytes.NewReader(text))
	if err != nil {
		return c, err
	}
	defer unzipped.Close()
	config := ""
	err = c.addTar(unzipped, func(name, text string) {
		switch name {
		case ".PKGINFO":
			c.name, c.version, c.arch = field(text, "pkgname", " = "), field(text, "pkgver", " = "), field(text, "arch", " = ")
			config = field(text, "backup", " = ")
		case ".INSTALL":
			c.preremove, c.postremove = shellFunction(text, "pre_remove"), shellFunction(text, "post_remove")
		}
	})
	if config != "" {
		c.setConfig("/" + config)
	}
	return c, err
}

// shellFunction returns the body of a function in a scriptlet.
func shellFunction(text, name string) string {
	_, body, _ := strings.Cut(text, "function "+name+"() {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	return body
}
