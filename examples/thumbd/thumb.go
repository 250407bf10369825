package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/legion-go/legion"

	"github.com/legion-go/legion/examples/thumbd/internal/picture"
)

// job is the argument of a worker.
type job struct {
	Path string
	Size int // pixels
}

// errUnreadable means that a file could not be opened, or not be read to its
// end.
var errUnreadable = errors.New("unreadable")

// With these codes the daemon can tell the worker's errors apart by errors.Is.
func init() {
	legion.RegisterError("corrupt", picture.ErrCorrupt)
	legion.RegisterError("not_picture", picture.ErrNotPicture)
	legion.RegisterError("unreadable", errUnreadable)
}

// makeThumb runs in a worker process. It opens the file for reading and touches
// nothing else.
func makeThumb(_ context.Context, j job) (picture.Result, error) {
	f, err := os.Open(j.Path)
	if err != nil {
		return picture.Result{}, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	defer f.Close()
	result, err := picture.Thumbnail(f, j.Size)
	if err != nil && !errors.Is(err, picture.ErrCorrupt) && !errors.Is(err, picture.ErrNotPicture) {
		err = fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return result, err
}
