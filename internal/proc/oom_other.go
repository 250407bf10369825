//go:build unix && !linux

package proc

// offerToKernel does nothing: what the kernel does for want of memory cannot be told it here.
func offerToKernel() {}
