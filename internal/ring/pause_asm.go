//go:build amd64 || arm64

package ring

// Pause tells the processor that this is a spin loop: the processor saves power
// and leaves the core to the sibling thread for some tens of cycles.
func Pause()
