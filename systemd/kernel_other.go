//go:build !linux

package systemd

import (
	"os"
	"time"
)

// There is no systemd here; what speaks its protocol takes a time of any origin.
var origin = time.Now()

func monotonic() int64 { return time.Since(origin).Microseconds() }

func anonymousFile(name string) (*os.File, error) {
	f, err := os.CreateTemp("", name)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
