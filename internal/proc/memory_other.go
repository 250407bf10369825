//go:build unix && !linux

package proc

import "errors"

// anonymous is not known: it would need cgo.
func anonymous(int) (uint64, error) { return 0, errors.ErrUnsupported }
