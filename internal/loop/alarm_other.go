//go:build !linux

package loop

import "errors"

// newPrecise says that there is no timer here that is more precise than Go's and can be waited for beside a channel.
func newPrecise() (alarm, error) { return nil, errors.ErrUnsupported }
