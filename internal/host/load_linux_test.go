package host

import (
	"fmt"
	"math"
	"os"
	"testing"
)

// The load equals the kernel's in /proc.
func TestLoadIsThatOfTheMachine(t *testing.T) {
	read := func() (l [3]float64) {
		b, err := os.ReadFile("/proc/loadavg")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(string(b), &l[0], &l[1], &l[2]); err != nil {
			t.Fatal(err)
		}
		return l
	}
	for {
		before, load := read(), Load()
		if before != read() {
			continue // it changes every five seconds
		}
		for i := range load {
			if math.Abs(load[i]-before[i]) > 0.011 { // the two round differently
				t.Errorf("%v, the kernel says %v", load, before)
				break
			}
		}
		return
	}
}
