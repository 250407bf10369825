//go:build unix && !linux

package proc

// offerToKernel does nothing: this system's kernel takes no such hint.
func offerToKernel() {}
