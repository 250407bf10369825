//go:build !linux

package metrics

// These are known on Linux only.
func openFiles(*scrape, *sink)     {}
func maxFiles(*scrape, *sink)      {}
func virtualMemory(*scrape, *sink) {}
