//go:build amd64 || arm64

package ring

// Pause tells the processor that this is a spin loop: it saves power and leaves
// the core to its sibling thread for some tens of cycles.
func Pause()
