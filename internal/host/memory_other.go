//go:build unix && !linux

package host

// Memory is not known: without cgo this system does not report it.
func Memory() (now, peak uint64) { return 0, 0 }
