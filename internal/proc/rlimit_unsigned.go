//go:build unix && !linux && !freebsd && !dragonfly

package proc

// limitValue converts to the type of a limit on this system.
func limitValue(n uint64) uint64 { return n }
