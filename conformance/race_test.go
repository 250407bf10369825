//go:build race

package conformance

// The daemon is built with the race detector if the test is.
var buildFlags = []string{"build", "-race"}
