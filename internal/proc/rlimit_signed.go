//go:build freebsd || dragonfly

package proc

// limitValue converts to the type of a limit here.
func limitValue(n uint64) int64 { return int64(n) }
