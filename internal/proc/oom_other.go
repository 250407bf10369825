//go:build unix && !linux

package proc

import "errors"

// offerToKernel refuses a score: this system kills as it likes.
func offerToKernel(add int) error {
	if add != 0 {
		return errors.New("OOMScore: only Linux lets a process say whether it is to be killed when memory is full")
	}
	return nil
}
