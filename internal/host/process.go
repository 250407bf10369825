package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Umask sets the permissions that new files do not get, 0 to 0o777, and returns
// the previous mask.
func Umask(mask int) (before int) { return syscall.Umask(mask & 0o777) }

// Chdir sets the working directory of this process, and of processes that it
// starts.
func Chdir(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("changing the working directory: %w", err)
	}
	// Programs trust $PWD if it leads to their working directory; it must not name
	// another one.
	if _, set := os.LookupEnv("PWD"); set {
		if err := os.Unsetenv("PWD"); err != nil {
			return fmt.Errorf("changing the working directory: %w", err)
		}
		wd, err := os.Getwd()
		if err == nil {
			err = os.Setenv("PWD", wd)
		}
		if err != nil {
			return fmt.Errorf("changing the working directory: %w", err)
		}
	}
	return nil
}

// Nice sets the nice value of this process, all its threads and processes it
// starts, from -20 (highest priority) to 19. Lowering it needs root or
// CAP_SYS_NICE.
func Nice(n int) error {
	if n < -20 || n > 19 {
		return fmt.Errorf("the nice value %d is not between -20 and 19", n)
	}
	return ExplainNice(n, renice(n))
}

// ExplainNice says what failed, and what it needs, if err is the error of
// setting the nice value of a process to n; nil if it is nil.
func ExplainNice(n int, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("setting the nice value to %d: less than it is needs CAP_SYS_NICE, which root has: %w", n, err)
	}
	return fmt.Errorf("setting the nice value to %d: %w", n, err)
}
