//go:build unix && !aix && !solaris

package logfile

import (
	"errors"

	"golang.org/x/sys/unix"
)

// lock takes the lock of an open file; it returns false without an error if
// another process holds it. The lock ends with unlock, or with the process.
func lock(fd int) (bool, error) {
	_, err := retry(func() (int, error) { return 0, unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func unlock(fd int) { _ = unix.Flock(fd, unix.LOCK_UN) }
