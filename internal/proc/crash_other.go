//go:build unix && !linux

package proc

import "os"

// newCrashFile makes the file that a child writes its crash report to.
func newCrashFile() (*os.File, error) { return temporaryCrashFile() }
