// Command kubelet replaces a kubelet in the machines: it reads flags, files and
// /proc/swaps as the real one does, as far as these decide whether it starts,
// and refuses with the same messages as the real one. It shares no code with
// swapctl.
//
// Its version is the content of /etc/standin-kubelet. It writes the
// configuration that it has read to /run/standin-kubelet, and every start and
// refusal as a line to /root/kubelet.log.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"
)

const apiVersion = "kubelet.config.k8s.io/v1beta1"

// settings are the result of the flags and files.
type settings struct {
	minor      int
	failSwapOn bool
	behavior   string
	gates      map[string]bool
}

func main() {
	version := "v1.34.1"
	if text, err := os.ReadFile("/etc/standin-kubelet"); err == nil {
		version = strings.TrimSpace(string(text))
	}
	flags := parse(os.Args[1:])
	if _, asked := flags["version"]; asked {
		fmt.Println("Kubernetes " + version)
		return
	}
	s, areas, err := start(version, flags)
	if err != nil {
		note("refused with %d areas: %v", areas, err)
		fmt.Fprintf(os.Stderr, "E0000 run.go:72] \"command failed\" err=\"failed to run Kubelet: %v\"\n", err)
		os.Exit(1)
	}
	note("started with %d areas", areas)
	report := fmt.Sprintf("failSwapOn=%v swapBehavior=%s areas=%d pid=%d\n", s.failSwapOn, s.behavior, areas, os.Getpid())
	if err := os.WriteFile("/run/standin-kubelet", []byte(report), 0o644); err != nil {
		panic(err)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, os.Interrupt)
	<-end
}

func note(format string, args ...any) {
	f, err := os.OpenFile("/root/kubelet.log", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintf(f, format+"\n", args...)
}

// parse accepts --name, --name=value and, for flags that have a file as value,
// --name value.
func parse(args []string) map[string]string {
	flags := map[string]string{}
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !given && (name == "config" || name == "config-dir") && i+1 < len(args) {
			i++
			value = args[i]
		}
		flags[name] = value
	}
	return flags
}

// start does what cmd/kubelet/app/server.go and
// pkg/kubelet/cm/container_manager_linux.go do, in their order.
func start(version string, flags map[string]string) (settings, int, error) {
	areas, err := swapAreas()
	if err != nil {
		return settings{}, 0, err
	}
	parts := strings.Split(version, ".")
	s := settings{failSwapOn: true, gates: map[string]bool{}}
	if s.minor, err = strconv.Atoi(parts[1]); err != nil {
		return s, areas, err
	}
	tree := map[string]any{}
	if file := flags["config"]; file != "" {
		if tree, err = load(file); err != nil {
			return s, areas, fmt.Errorf("failed to load kubelet config file, path: %s, error: %w", file, err)
		}
	}
	if dir := flags["config-dir"]; dir != "" {
		if s.minor < 28 {
			return s, areas, errors.New("unknown flag: --config-dir")
		}
		if s.minor < 30 && os.Getenv("KUBELET_CONFIG_DROPIN_DIR_ALPHA") == "" {
			return s, areas, errors.New("KUBELET_CONFIG_DROPIN_DIR_ALPHA environment variable must be set")
		}
		if err := dropins(dir, tree); err != nil {
			return s, areas, err
		}
	}
	if err := s.take(tree, flags); err != nil {
		return s, areas, err
	}
	if areas > 0 && s.failSwapOn {
		return s, areas, errors.New("running with swap on is not supported, please disable swap or set --fail-swap-on flag to false")
	}
	return s, areas, nil
}

func swapAreas() (int, error) {
	text, err := os.ReadFile("/proc/swaps")
	return strings.Count(strings.TrimSpace(string(text)), "\n"), err
}

// dropins merges the files of --config-dir into the configuration.
func dropins(dir string, tree map[string]any) error {
	return filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".conf" {
			return err
		}
		file, err := load(path)
		if err == nil && (file["apiVersion"] != apiVersion || file["kind"] != "KubeletConfiguration") {
			err = errors.New("no apiVersion/kind")
		}
		if err != nil {
			return fmt.Errorf("failed to load kubelet dropin file, path: %s, error: %w", path, err)
		}
		merge(tree, file)
		return nil
	})
}

func load(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tree := map[string]any{}
	return tree, yaml.Unmarshal(text, &tree)
}

// merge applies a JSON merge patch.
func merge(into, patch map[string]any) {
	for name, value := range patch {
		below, isMap := value.(map[string]any)
		target, hasMap := into[name].(map[string]any)
		switch {
		case value == nil:
			delete(into, name)
		case isMap && hasMap:
			merge(target, below)
		default:
			into[name] = value
		}
	}
}

// take reads the merged files, then the flags, which take precedence, and
// checks the result.
func (s *settings) take(tree map[string]any, flags map[string]string) error {
	if on, ok := tree["failSwapOn"].(bool); ok {
		s.failSwapOn = on
	}
	if text, given := flags["fail-swap-on"]; given {
		s.failSwapOn = text == "" || text == "true"
	}
	gates, _ := tree["featureGates"].(map[string]any)
	for name, value := range gates {
		s.gates[name], _ = value.(bool)
	}
	swap, _ := tree["memorySwap"].(map[string]any)
	s.behavior, _ = swap["swapBehavior"].(string)
	on, set := s.gates["NodeSwap"]
	switch {
	case s.minor >= 34 && set && !on:
		panic("cannot set feature gate NodeSwap to false, feature is locked to true")
	case !set:
		on = s.minor >= 30
	}
	if s.behavior == "" {
		return nil
	}
	legal := map[string]bool{"LimitedSwap": true, "NoSwap": s.minor >= 30, "UnlimitedSwap": s.minor < 30}
	if !on {
		return errors.New("invalid configuration: memorySwap.swapBehavior cannot be set when NodeSwap feature flag is disabled")
	}
	if !legal[s.behavior] {
		return fmt.Errorf("invalid configuration: memorySwap.swapBehavior %q must be one of: \"\", LimitedSwap, NoSwap", s.behavior)
	}
	return nil
}
