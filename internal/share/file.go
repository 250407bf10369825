package share

import (
	"errors"
	"fmt"
	"os"
)

// target is the file that a value is written to.
type target struct {
	*os.File
	memory bool // a memory file, which can be sealed
}

// temporary makes a file whose name is removed at once. from is the same file,
// for reading only.
func temporary() (into target, from *os.File, err error) {
	f, err := os.CreateTemp("", "legion-share-")
	if err != nil {
		return into, nil, fmt.Errorf("making a file for it: %w", err)
	}
	from, err = os.Open(f.Name())
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		from.Close() // may be nil
		return into, nil, fmt.Errorf("making a file for it: %w", errors.Join(err, f.Close()))
	}
	return target{File: f}, from, nil
}

// seal forbids every change of the file from now on, also by who has it open
// for writing. A temporary file can only be closed to those that open it anew.
func (t target) seal() error {
	if !t.memory {
		return t.Chmod(0o400)
	}
	return sealMemory(t.File)
}
