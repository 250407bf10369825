//go:build race

package conformance

// The daemon is built as the test is.
var buildFlags = []string{"build", "-race"}
