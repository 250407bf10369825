package logfile

import (
	"time"

	"golang.org/x/sys/unix"
)

// birth returns when a file was made, or when it was last written to if the
// file system does not record births.
func birth(fd int, st *unix.Stat_t) time.Time {
	var x unix.Statx_t
	if unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &x) == nil && x.Mask&unix.STATX_BTIME != 0 {
		return time.Unix(x.Btime.Sec, int64(x.Btime.Nsec))
	}
	return time.Unix(st.Mtim.Unix())
}
