//go:build !linux

package systemd

import (
	"os"
	"time"
)

// There is no systemd here; other programs that speak its protocol accept a
// time of any origin.
var origin = time.Now()

func monotonic() int64 { return time.Since(origin).Microseconds() }

// anonymousFile makes a file that has no name in any folder.
func anonymousFile(name string) (*os.File, error) { return temporaryFile(name) }
