package kubelet

import (
	"context"
	"errors"
	"regexp"

	"github.com/swapctl/swapctl/internal/host"
)

// askVersion asks the program itself: packages and files may be wrong or older.
func askVersion(ctx context.Context, h host.Host, k Kubelet) (string, error) {
	if k.Binary == "" {
		return "", errors.New("it is not known which program to ask for its version")
	}
	if h.Run == nil {
		return "", errors.New("no program can be run here")
	}
	argument := "--version"
	if asks := distributionOf(k.Kind).asks; asks != "" && k.Binary != k.program() {
		argument = asks
	}
	out, err := h.Run.Output(ctx, k.Binary, argument)
	if err != nil {
		return "", err
	}
	return parseVersion(string(out))
}

// program is the kubelet itself, if there is one.
func (k Kubelet) program() string {
	if len(k.Argv) == 0 {
		return ""
	}
	return k.Argv[0]
}

// parseVersion parses "Kubernetes v1.34.1", "k3s version v1.32.1+k3s1
// (6a322f12)" and the like.
func parseVersion(text string) (string, error) {
	found := regexp.MustCompile(`\bv?1\.\d+\.\d+([-+.0-9A-Za-z]*[0-9A-Za-z])?`).FindString(text)
	if found == "" {
		return "", errors.New("what it says of its version cannot be understood")
	}
	if found[0] != 'v' {
		found = "v" + found
	}
	return found, nil
}
