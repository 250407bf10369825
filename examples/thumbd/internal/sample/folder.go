package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Version changes when the set does, so that a folder of an older set is not
// taken for this one.
const Version = 2

// Folder makes sure that dir holds the samples. It leaves an existing dir as it
// is: a dir gets its name only when it is complete. Files are made by as many
// goroutines as there are processors.
func Folder(dir string) error { return fill(dir, append(Hostile(), Good()...)) }

func fill(dir string, files []File) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("make a place for the sample pictures: %w", err)
	}
	unfinished, err := os.MkdirTemp(parent, ".samples-")
	if err != nil {
		return fmt.Errorf("make a place for the sample pictures: %w", err)
	}
	defer os.RemoveAll(unfinished) // finds nothing after the rename
	if err := writeAll(unfinished, files); err != nil {
		return fmt.Errorf("write the sample pictures: %w", err)
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return err
	}
	if err := os.Rename(unfinished, dir); err != nil {
		if _, there := os.Stat(dir); there == nil {
			return nil // another process was faster
		}
		return fmt.Errorf("write the sample pictures: %w", err)
	}
	return nil
}

func writeAll(dir string, files []File) error {
	next := make(chan File)
	var writers sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		writers.Go(func() {
			for f := range next {
				errs[i] = errors.Join(errs[i], os.WriteFile(filepath.Join(dir, f.Name), f.Bytes(), 0o644))
			}
		})
	}
	for _, f := range files {
		next <- f
	}
	close(next)
	writers.Wait()
	return errors.Join(errs...)
}
