//go:build unix && !linux

package host

// Memory cannot be told without cgo.
func Memory() (now, peak uint64) { return 0, 0 }
