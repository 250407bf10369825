//go:build unix && !linux

package proc

import (
	"errors"
	"fmt"
	"os"
)

// newCrashFile makes the file that a child writes its crash report to: a temporary one whose name is removed at once.
// Unlike on Linux, a child can make it larger than crashSize; the daemon does not read that.
func newCrashFile() (*os.File, error) {
	f, err := os.CreateTemp("", "legion-crash-")
	if err != nil {
		return nil, fmt.Errorf("making the crash file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("making the crash file: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}
