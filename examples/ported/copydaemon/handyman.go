package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/legion-go/legion"
)

// handyman copies a file, whenever it is there.
type handyman struct{ file, copy string }

func newHandyman(ctx context.Context) (*handyman, error) { // spinup
	legion.Logger(ctx).Info("spinning up")
	dir := os.TempDir()
	return &handyman{file: filepath.Join(dir, "test.txt"), copy: filepath.Join(dir, "copy_test.txt")}, nil
}

func (h *handyman) Loop(ctx context.Context) error { // loop
	content, err := os.ReadFile(h.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err // becomes a Failure event; the loop goes on
	}
	legion.Logger(ctx).Info("copying", "from", h.file, "to", h.copy)
	return os.WriteFile(h.copy, content, 0o600)
}

func (h *handyman) Close() error { // spindown
	if err := os.Remove(h.copy); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ChangeName is a command of its own. It runs between two turns of the loop, so
// it needs no lock.
func (h *handyman) ChangeName(context.Context, struct{}) (string, error) {
	h.copy = filepath.Join(filepath.Dir(h.copy), "copy_test_2.txt")
	return h.copy, nil
}
