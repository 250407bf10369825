//go:build unix && !linux

package proc

// descends is not known on this system.
func descends(int, string) bool { return false }
