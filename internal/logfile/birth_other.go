//go:build unix && !linux && !darwin && !freebsd && !netbsd

package logfile

import (
	"time"

	"golang.org/x/sys/unix"
)

// birth returns when a file was last written to: this system does not record
// births.
func birth(_ int, st *unix.Stat_t) time.Time { return time.Unix(st.Mtim.Unix()) }
