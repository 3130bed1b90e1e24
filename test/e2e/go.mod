module github.com/swapctl/swapctl/test/e2e

go 1.26.0

require (
	go.yaml.in/yaml/v3 v3.0.4
	golang.org/x/sys v0.49.0
)

require golang.org/x/sync v0.24.0 // indirect

require (
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/tools v0.26.0 // indirect
)
