// Package saturate adds durations so that the sum stops at the largest value
// instead of overflowing: a deadline too far away to be represented never
// comes, instead of passing at once. A time.Time does not need this: its Add
// and Sub handle it.
package saturate

import (
	"math"
	"time"
)

// Never is a moment that never comes, and the longest duration.
const Never = time.Duration(math.MaxInt64)

// Add returns t + d, or Never if the sum overflows. t must not be negative.
func Add(t, d time.Duration) time.Duration {
	if d > Never-t {
		return Never
	}
	return t + d
}

// Duration returns f, which must not be negative, as a duration, or Never if f
// is too large for one.
func Duration(f float64) time.Duration {
	if f >= float64(Never) {
		return Never
	}
	return time.Duration(f)
}
