//go:build unix && !linux

package proc

import "errors"

// Resident cannot be told without cgo.
func Resident() (uint64, error) { return 0, errors.ErrUnsupported }

// anonymous cannot be told without cgo.
func anonymous(int) (uint64, error) { return 0, errors.ErrUnsupported }
