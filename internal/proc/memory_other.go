//go:build unix && !linux

package proc

import "errors"

// anonymous cannot be told without cgo.
func anonymous(int) (uint64, error) { return 0, errors.ErrUnsupported }
