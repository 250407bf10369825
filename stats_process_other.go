//go:build !linux

package legion

// machineLoad is not known.
func machineLoad() (load [3]float64) { return load }

// residentMemory is not known.
func residentMemory() (now, peak uint64) { return 0, 0 }
