//go:build !linux

package host

func keepRange(uint) bool { return false }
