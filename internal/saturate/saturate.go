// Package saturate has sums that stop at the largest value instead of turning
// negative: a deadline that is too far away to be written down never comes, it
// is not over at once. A time.Time needs none of this, its Add and Sub do it.
package saturate

import (
	"math"
	"time"
)

// Never is a moment that does not come, and the longest duration.
const Never = time.Duration(math.MaxInt64)

// Add returns t + d, or Never where that is larger. t must not be negative.
func Add(t, d time.Duration) time.Duration {
	if d > Never-t {
		return Never
	}
	return t + d
}

// Duration returns f, which is not negative, as a duration, or Never where that
// is larger.
func Duration(f float64) time.Duration {
	if f >= float64(Never) {
		return Never
	}
	return time.Duration(f)
}
