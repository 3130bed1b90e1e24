# What a person types here.

export CGO_ENABLED = 0
export PREFIX DESTDIR # of make install
# sudo takes the usual place of Go out of the PATH.
export PATH := $(PATH):/usr/local/go/bin

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
DATE    := $(shell git log -1 --format=%cI 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
LINT    := bin/golangci-lint
GORELEASER := v2.15.0
# What is built from modules of its own, the longest to look at first.
MODULES := test/upstream test/upstream/kubelet test/packages test/formats bench/plan test/e2e

# Linux is for nodes, the others for workstations (internal/cli/node).
SYSTEMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: build install uninstall test lint cross unit update race fuzz signals upstream packages formats facts e2e e2e-long cluster cluster-long bench bench-plan demo newcomer reproducible snapshot release-check release deps clean

build: bin/swapctl ## the static binary, bin/swapctl

.PHONY: bin/swapctl
bin/swapctl:
	@hack/build.sh $@ '$(LDFLAGS)'

install: build ## the program, man pages and completions, below PREFIX (/usr/local) and DESTDIR
	@hack/install.sh

uninstall: ## what make install has put there
	@hack/install.sh --remove

test: deps lint cross unit race upstream packages formats e2e ## everything that must pass

lint: $(LINT) ## style, and the layers of docs/architecture.md
	$(LINT) run ./...
	@# Not one pass over all of them: a workspace would choose other versions of the dependencies than each go.mod has.
	printf '%s\n' $(MODULES) | xargs -P "$$(nproc)" -I {} sh -c \
		'cd {} && $(CURDIR)/$(LINT) run --allow-parallel-runners --config $(CURDIR)/.golangci.yaml ./...'

$(LINT): tools/go.mod tools/go.sum
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

cross: ## the program links for every system that a release has an archive for
	printf '%s\n' $(SYSTEMS) | xargs -P "$$(nproc)" -I {} sh -c \
		'GOOS=$$(dirname {}) GOARCH=$$(basename {}) go build -o /dev/null ./cmd/swapctl || { echo "make: that was for {}" >&2; exit 1; }'

unit: ## pure code, fake node, scripts, fuzz seeds, and as root the real kernel
	@# -count=1: else go test notes each file that the fake node opens, half a gigabyte of them, and looks at all again
	go test -count=1 -timeout 20m ./...

update: ## what tests write: goldens, docs/commands, man pages, pictures, examples
	go test ./internal/cli/root ./internal/cli/check ./examples ./packaging ./docs -update

race: ## the tests of all packages with goroutines, under the race detector
	hack/race.sh

fuzz: ## every fuzz target, each for FUZZTIME (60s); FUZZ=pattern runs only some
	hack/fuzz.sh

signals: ## setup and teardown on real file systems, ended 300 times on each; needs root
	SWAPCTL_SIGNALS=300 go test -count=1 -timeout 2h -v -run TestSurvivesSignalsAtRandomMoments ./cmd/swapctl

upstream: ## what plan says and kubeadm-config writes, against Kubernetes' own code
	cd test/upstream && go test ./...
	cd test/upstream/kubelet && ls go.mod go-1.*.mod | xargs -P "$$(nproc)" -I {} go test -modfile={} ./...

packages: ## what is in the packages of a release, of each format
	cd test/packages && go test ./...

formats: ## SARIF and JUnit, against the schemas that their readers have
	cd test/formats && go test ./...

facts: ## read the fields and feature gates of a new Kubernetes release
	cd test/upstream && go run ./facts

e2e: build ## real kernels in virtual machines; see test/e2e/README.md
	cd test/e2e && go test -count=1 -timeout 60m ./...
	@head -n 13 "$${SWAPCTL_E2E_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/swapctl-e2e}/times"

e2e-long: build ## all stories on all kernels, many of them several times: takes hours
	cd test/e2e && go test -count=1 -timeout 12h . -long

cluster: build ## swapctl on a real Kubernetes cluster; the first time builds Kubernetes
	cd test/e2e && go test -count=1 -timeout 3h . -lane cluster

cluster-long: build ## the same with all stories and combinations
	cd test/e2e && go test -count=1 -timeout 6h . -lane cluster -long

bench: build ## compare with the shell recipe on this machine; needs root
	go run ./bench

bench-plan: build ## compare reading pods with jq and sigs.k8s.io/yaml
	cd bench/plan && go run . -swapctl ../../bin/swapctl

demo: build ## give this machine 64 MiB of swap, look at it, take it back; asks sudo
	hack/demo.sh

newcomer: ## git clone and make demo in a clean Debian, and all that goes wrong there; needs root
	hack/newcomer.sh

reproducible: ## two builds for each architecture give the same bytes
	hack/reproducible.sh

snapshot: bin/goreleaser ## archives and packages into dist/, to look at; publishes nothing
	bin/goreleaser check
	hack/release.sh --snapshot

release-check: bin/goreleaser ## what .ci/release runs: two snapshots, compared, signed and verified
	hack/release-check.sh

release: bin/goreleaser ## what the tag at HEAD says
	hack/release.sh

# Not in tools/go.mod: its dependencies would choose versions for those there.
bin/goreleaser:
	GOBIN=$(CURDIR)/bin go install -ldflags '-s -w' github.com/goreleaser/goreleaser/v2@$(GORELEASER)

deps: ## Debian packages that the tests need, only what is missing
	hack/install-deps.sh

clean:
	rm -rf bin dist
