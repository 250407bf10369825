//go:build darwin || freebsd || netbsd

package logfile

import (
	"time"

	"golang.org/x/sys/unix"
)

// birth returns when a file was made.
func birth(_ int, st *unix.Stat_t) time.Time { return time.Unix(st.Btim.Unix()) }
