//go:build !amd64 && !arm64

package ring

// Pause does nothing: on this architecture Go cannot give the processor's
// spin-loop hint.
//
//go:noinline
func Pause() {}
