package host

import (
	"fmt"
	"os"
	"syscall"
)

// Umask sets which permissions new files do not get, 0 to 0o777, and returns the mask before.
func Umask(mask int) (before int) { return syscall.Umask(mask & 0o777) }

// Chdir makes dir the working directory of this process, and of processes that it starts.
func Chdir(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("changing the working directory: %w", err)
	}
	// Programs believe $PWD if it leads to where they are; it must not lead elsewhere.
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

// Nice sets the nice value of this process, -20 (served first) to 19, all of its threads and processes it starts. A
// lower one than now needs root or CAP_SYS_NICE.
func Nice(n int) error {
	if n < -20 || n > 19 {
		return fmt.Errorf("the nice value %d is not between -20 and 19", n)
	}
	if err := renice(n); err != nil {
		return fmt.Errorf("setting the nice value to %d: %w", n, err)
	}
	return nil
}
