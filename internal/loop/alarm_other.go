//go:build !linux

package loop

import "errors"

// newPrecise fails: this system has no timer that is more precise than Go's and
// can be waited for together with a channel.
func newPrecise() (alarm, error) { return nil, errors.ErrUnsupported }
