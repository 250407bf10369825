//go:build unix

package proc

import (
	"errors"
	"fmt"
	"os"
)

// temporaryCrashFile makes a file for crash reports whose name is removed at
// once. A child can make it larger than crashSize; the daemon does not read the
// excess.
func temporaryCrashFile() (*os.File, error) {
	f, err := os.CreateTemp("", "legion-crash-")
	if err != nil {
		return nil, fmt.Errorf("making the crash file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("making the crash file: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}
