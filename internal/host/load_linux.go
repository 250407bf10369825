package host

import (
	"math"

	"golang.org/x/sys/unix"
)

// Load returns the load of the machine over 1, 5 and 15 minutes, with two
// decimals, as other programs show it; zeros where it is not known.
func Load() (load [3]float64) {
	var machine unix.Sysinfo_t
	if unix.Sysinfo(&machine) != nil {
		return load
	}
	for i, n := range machine.Loads { // in units of 1/65536
		load[i] = math.Round(float64(n)/(1<<16)*100) / 100
	}
	return load
}
