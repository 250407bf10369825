//go:build !amd64 && !arm64

package ring

// Pause stands for the processor's spin-loop hint, of which this architecture
// has none that Go can reach.
//
//go:noinline
func Pause() {}
