package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// store is the folder of thumbnails. The daemon writes it; workers never do.
type store struct{ dir string }

// unfinished is the pattern, for os.CreateTemp, of the name of a thumbnail that
// is being written.
const unfinished = ".thumbd-*"

// largest is the size of the largest thumbnail worth keeping: 2048×2048 pixels
// that cannot be compressed.
const largest = 2048*2048*4 + 1<<20

// path is the place of a picture's thumbnail. The picture's whole name is part
// of it, so that a.gif and a.jpg do not collide.
func (s store) path(picture string) string { return filepath.Join(s.dir, picture+".png") }

// save puts a thumbnail in its place, whole or not at all. The bytes come from
// a worker that has read an untrusted file, so save checks that they look like
// the requested thumbnail.
func (s store) save(picture string, png []byte) error {
	if !bytes.HasPrefix(png, []byte("\x89PNG\r\n\x1a\n")) || len(png) > largest {
		return fmt.Errorf("the worker returned %d bytes that are not a thumbnail", len(png))
	}
	f, err := os.CreateTemp(s.dir, unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(png)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(picture))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// discard removes the thumbnail of an earlier version of a picture that is
// refused now.
func (s store) discard(picture string) error {
	if err := os.Remove(s.path(picture)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
