//go:build freebsd || dragonfly

package proc

// limitValue converts to the type of a limit on this system.
func limitValue(n uint64) int64 { return int64(n) }
