//go:build unix && !linux

package proc

// descends cannot be told here.
func descends(int, string) bool { return false }
