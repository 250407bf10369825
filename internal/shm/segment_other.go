//go:build !linux

package shm

import "os"

// Available returns ErrUnsupported.
func Available() error { return ErrUnsupported }

// Create returns ErrUnsupported.
func Create(name string, size int, now ...Extent) ([]byte, *os.File, error) {
	return nil, nil, ErrUnsupported
}

// Populate returns ErrUnsupported.
func Populate(mem []byte) error { return ErrUnsupported }

// Remove returns ErrUnsupported.
func Remove(mem []byte) error { return ErrUnsupported }

// Map returns ErrUnsupported.
func Map(f *os.File) ([]byte, error) { return nil, ErrUnsupported }

// Unmap returns ErrUnsupported.
func Unmap(mem []byte) error { return ErrUnsupported }
