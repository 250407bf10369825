package legion

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// FieldError describes a mistake in a field of a [Config], a [Pool],
// [TaskOptions] or a [LogRotation]. Their Validate methods join one for each
// mistake.
type FieldError struct {
	Of      string // the type: "Pool", for instance
	Field   string // its name: "Min", or "LogRotation.Keep"
	With    string // the other field if the two disagree, else ""
	Problem string // "is 5 and Pool.Max 2: Min must not be larger"
}

func (e *FieldError) Error() string { return e.Of + "." + e.Field + " " + e.Problem }

// Shorter durations other than 0 are refused: their unit was forgotten.
const (
	leastPatience = time.Millisecond // for limits and delays
	leastInterval = time.Microsecond // for intervals
)

// checks collects the mistakes in the fields of one value.
type checks struct {
	of   string
	errs []error
}

// that requires ok for a field.
func (c *checks) that(ok bool, field, problem string, args ...any) {
	c.agree(ok, field, "", problem, args...)
}

// agree requires two fields to agree.
func (c *checks) agree(ok bool, field, with, problem string, args ...any) {
	if !ok {
		c.errs = append(c.errs, &FieldError{Of: c.of, Field: field, With: with, Problem: fmt.Sprintf(problem, args...)})
	}
}

// natural requires a number of at least 0.
func (c *checks) natural(field string, n int64) {
	c.that(n >= 0, field, "is %d: it must not be negative", n)
}

// duration requires a duration of at least 0 that has a unit.
func (c *checks) duration(field string, d, least time.Duration) {
	c.that(d >= 0, field, "is %v: it must not be negative", d)
	c.unit(field, d, least)
}

// unit requires a duration that is at most 0 or at least least.
func (c *checks) unit(field string, d, least time.Duration) {
	c.that(d <= 0 || d >= least, field, "is %v, and the least is %v: a number without a unit counts nanoseconds; write %d*time.Second, for instance",
		d, least, int64(d))
}

func (c *checks) err() error { return errors.Join(c.errs...) }

// fieldErrors yields the mistakes in an error of checks.
func fieldErrors(err error) iter.Seq[*FieldError] {
	return func(yield func(*FieldError) bool) {
		joined, _ := err.(interface{ Unwrap() []error })
		if joined == nil {
			return
		}
		for _, err := range joined.Unwrap() {
			if at, ok := err.(*FieldError); ok && !yield(at) {
				return
			}
		}
	}
}
