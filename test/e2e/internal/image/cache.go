// Package image makes what machines boot from: Debian roots as disk images, the programs that emulate the machines, and
// snapshots of booted machines. All of it is made from Debian's packages once and then kept in a cache.
package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cache is a directory of things that take long to make. Each is in NAME-KEY,
// where the key is a hash of everything it is made from, so a changed recipe
// never gets an old result. It is renamed to that name when it is complete.
type cache struct {
	dir string
	log func(format string, args ...any)
}

// keep is how long results of another recipe are kept: switching between
// branches should not require a build each time.
const keep = 14 * 24 * time.Hour

// key hashes the ingredients of a recipe.
func key(ingredients ...string) string {
	sum := sha256.New()
	for _, text := range ingredients {
		fmt.Fprintf(sum, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// get returns the name of the directory for the recipe in the cache, and makes
// it first if it does not exist. Only one process makes it at a time; others
// wait.
func (c cache) get(ctx context.Context, name, key string, build func(ctx context.Context, dir string) error) (string, error) {
	entry := name + "-" + key
	path := filepath.Join(c.dir, entry)
	if used(path) {
		return entry, nil
	}
	lock, err := os.OpenFile(filepath.Join(c.dir, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("cannot use the cache: %w", err)
	}
	defer lock.Close() // this also unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("cannot lock the cache: %w", err)
	}
	if used(path) {
		return entry, nil
	}
	begin := time.Now()
	c.log("making %s ...", name)
	half := filepath.Join(c.dir, "half-"+name)
	if err := os.RemoveAll(half); err != nil { // left by a run that was killed
		return "", err
	}
	if err := os.MkdirAll(half, 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(half)
	if err := build(ctx, half); err != nil {
		return "", fmt.Errorf("cannot make %s: %w", name, err)
	}
	if err := os.Rename(half, path); err != nil {
		return "", err
	}
	c.log("made %s in %.0f s", name, time.Since(begin).Seconds())
	c.forget(name, entry)
	return entry, nil
}

// used reports whether the entry exists, and records that it was used.
func used(path string) bool {
	now := time.Now()
	return os.Chtimes(path, now, now) == nil
}

// forget removes entries of other recipes that were not used for long.
func (c cache) forget(name, current string) {
	entries, _ := filepath.Glob(filepath.Join(c.dir, name+"-*"))
	for _, path := range entries {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() && filepath.Base(path) != current && time.Since(info.ModTime()) > keep &&
			!strings.Contains(strings.TrimPrefix(filepath.Base(path), name+"-"), "-") {
			c.log("forgetting %s", path)
			_ = os.RemoveAll(path)
		}
	}
}
