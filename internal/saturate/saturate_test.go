package saturate

import (
	"math"
	"testing"
	"time"
)

// Add returns the sum, or Never if it overflows.
func TestAdd(t *testing.T) {
	for _, c := range []struct{ t, d, want time.Duration }{
		{0, 0, 0},
		{1, 2, 3},
		{5, -2, 3},
		{Never, 0, Never},
		{Never, -1, Never - 1},
		{Never - 1, 1, Never},
		{Never - 1, 2, Never},
		{Never, Never, Never},
		{0, math.MinInt64, math.MinInt64},
	} {
		if got := Add(c.t, c.d); got != c.want {
			t.Errorf("%d + %d is %d, not %d", c.t, c.d, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for f, want := range map[float64]time.Duration{
		0: 0, 1.9: 1, 1e9: time.Second, 1e18: 1e18,
		math.Nextafter(float64(Never), 0): time.Duration(math.Nextafter(float64(Never), 0)),
		float64(Never):                    Never,
		1e300:                             Never,
		math.Inf(1):                       Never,
	} {
		if got := Duration(f); got != want {
			t.Errorf("%g is %d, not %d", f, got, want)
		}
	}
}
