package legion

import (
	"errors"
	"fmt"
	"iter"
	"time"
)

// FieldError says what is wrong with a field of a [Config], a [Pool],
// [TaskOptions] or a [LogRotation]. The errors of their Validate methods join
// one for each mistake.
type FieldError struct {
	Of      string // the type: "Pool", for instance
	Field   string // its name: "Min", or "LogRotation.Keep"
	With    string // the field that it does not agree with; "" if it is wrong by itself
	Problem string // "is 5 and Pool.Max 2: Min must not be larger"
}

func (e *FieldError) Error() string { return e.Of + "." + e.Field + " " + e.Problem }

// Durations that are shorter, and not 0, are refused: their unit was forgotten.
const (
	leastPatience = time.Millisecond // of what bounds or delays something
	leastInterval = time.Microsecond // of what is done again and again
)

// checks collects what is wrong with the fields of one value.
type checks struct {
	of   string
	errs []error
}

// that wants ok to hold for a field.
func (c *checks) that(ok bool, field, problem string, args ...any) {
	c.agree(ok, field, "", problem, args...)
}

// agree wants two fields to agree.
func (c *checks) agree(ok bool, field, with, problem string, args ...any) {
	if !ok {
		c.errs = append(c.errs, &FieldError{Of: c.of, Field: field, With: with, Problem: fmt.Sprintf(problem, args...)})
	}
}

// natural wants a number from 0 on.
func (c *checks) natural(field string, n int64) {
	c.that(n >= 0, field, "is %d: it must not be negative", n)
}

// duration wants one from 0 on that has a unit.
func (c *checks) duration(field string, d, least time.Duration) {
	c.that(d >= 0, field, "is %v: it must not be negative", d)
	c.unit(field, d, least)
}

// unit wants a duration that is 0, negative or at least so long.
func (c *checks) unit(field string, d, least time.Duration) {
	c.that(d <= 0 || d >= least, field, "is %v, and the least is %v: a number without a unit counts nanoseconds; write %d*time.Second, for instance",
		d, least, int64(d))
}

func (c *checks) err() error { return errors.Join(c.errs...) }

// fieldErrors are the mistakes in an error of checks.
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
