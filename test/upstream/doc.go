// Package upstream holds swapctl's answers against those of Kubernetes' own
// code, on pods that nobody has written by hand. It is a module of its own, so
// that the product's go.mod stays free of Kubernetes. Run it with
//
//	cd test/upstream && go test ./...
package upstream
