package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/legion-go/legion"
)

// handyman copies a file, whenever it is there.
type handyman struct{ file, copy string }

func newHandyman(ctx context.Context) (*handyman, error) { // spinup
	legion.Logger(ctx).Info("spinning up")
	dir := os.TempDir()
	return &handyman{file: filepath.Join(dir, "ported.txt"), copy: filepath.Join(dir, "ported-copy.txt")}, nil
}

func (h *handyman) Loop(context.Context) error { // loop
	content, err := os.ReadFile(h.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err // becomes an Error event; the loop goes on
	}
	return os.WriteFile(h.copy, content, 0o600)
}

func (h *handyman) Close() error { // spindown
	if err := os.Remove(h.copy); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Rename is a command of its own. It runs between two turns of the loop, so it
// needs no lock.
func (h *handyman) Rename(_ context.Context, name string) (string, error) {
	before := h.copy
	h.copy = filepath.Join(os.TempDir(), filepath.Base(name))
	return before, nil
}

func looping(d *legion.Daemon) {
	handymen := legion.NewWorkers(d, "handyman", newHandyman, legion.Pool{
		LoopEvery: 10 * time.Second,
		OnExit:    legion.Restart, // forever; StopDaemon is what false meant
		Timeout:   time.Second,    // of commands
	})
	rename := legion.Handle(handymen, "rename", (*handyman).Rename)

	legion.On(d, func(ctx context.Context, e legion.LoopStarted) error {
		rename.Go(ctx, "ported-other.txt").Then(func(before string, err error) {
			fmt.Println("renamed", filepath.Base(before), err)
		})
		return nil
	})
	legion.On(d, func(context.Context, dusk) error { return handymen.Pause() }) // all; PauseWorker(pid) holds one
	legion.On(d, func(context.Context, dawn) error { return handymen.Resume() })
}
