//go:build !linux

package passing

import "os"

// nameless makes a file that only this user can open, and removes its name at
// once.
func nameless(name string) (*os.File, error) {
	f, err := os.CreateTemp("", name)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
