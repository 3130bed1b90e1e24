// Package upstream compares swapctl's answers with those of Kubernetes' own
// code, for generated pods. It is a separate module, so that the main module
// does not depend on k8s.io/kubernetes. Run it with
//
//	cd test/upstream && go test ./...
package upstream
