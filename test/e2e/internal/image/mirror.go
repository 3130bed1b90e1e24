package image

import (
	"os"
	"path/filepath"
	"regexp"
)

// Mirror returns the Debian mirror that this host uses itself, so that a proxy
// or a mirror nearby is used here too; deb.debian.org if the host's package
// sources have none.
func Mirror(aptDir string) string {
	files := []string{filepath.Join(aptDir, "sources.list")}
	for _, pattern := range []string{"*.list", "*.sources"} {
		found, _ := filepath.Glob(filepath.Join(aptDir, "sources.list.d", pattern))
		files = append(files, found...)
	}
	archive := regexp.MustCompile(`(?m)^(?:deb\s.*?|URIs:\s*)(https?://\S+/debian)/?(?:\s|$)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if match := archive.FindSubmatch(text); match != nil {
			return string(match[1])
		}
	}
	return "http://deb.debian.org/debian"
}
