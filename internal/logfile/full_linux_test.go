package logfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tinyDisk mounts a file system of 64 KiB.
func tinyDisk(t *testing.T) string {
	dir := t.TempDir()
	err := unix.Mount("none", dir, "tmpfs", 0, "size=64k")
	if errors.Is(err, unix.EPERM) {
		t.Skip("only root may mount a small file system to fill")
	}
	do(t, err)
	t.Cleanup(func() { do(t, unix.Unmount(dir, 0)) })
	return dir
}

// The disk is filled, and room is made by moving the file elsewhere, again and again.
func TestFullDisk(t *testing.T) {
	dir := tinyDisk(t)
	path, old := filepath.Join(dir, "d.log"), filepath.Join(dir, "old")
	w := start(t, Options{Path: path, Buffer: 16 << 10})
	c := newCrowd(t, w, "g", 4, false) // if a Write waited for the disk, nothing here would go on
	var texts []string
	makeRoom := func() {
		before := w.Stats()
		do(t, os.Rename(path, old))
		w.Reopen()
		until(t, "the old file is closed", func() bool { return w.Stats().Reopened > before.Reopened })
		texts = append(texts, read(t, old))
		do(t, os.Remove(old))
	}
	for range 10 {
		before := w.Stats()
		until(t, "the disk is full and lines are dropped", func() bool {
			s := w.Stats()
			return errors.Is(s.Err, unix.ENOSPC) && s.Dropped > before.Dropped+1000
		})
		makeRoom()
		more(t, w, 100)
	}
	c.stop()
	makeRoom() // for what the buffer holds
	s := finish(t, w)
	check(t, append(texts, read(t, path)), s.Dropped, c)
}

// Close on a full disk ends with its context, and says what is lost.
func TestCloseOnFullDisk(t *testing.T) {
	dir := tinyDisk(t)
	path := filepath.Join(dir, "d.log")
	do(t, os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 64<<10), 0o600))
	w := start(t, Options{Path: path})
	w.Write([]byte("1\n"))
	until(t, "the disk is full", func() bool { return errors.Is(w.Stats().Err, unix.ENOSPC) })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.Close(ctx)
	if !errors.Is(err, unix.ENOSPC) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 lines") {
		t.Errorf("Close: %v", err)
	}
	<-w.done // else the disk is busy
	if s := w.Stats(); s.Dropped != 1 || s.Lines != 0 {
		t.Errorf("stats: %+v", s)
	}
	if got := read(t, path); got != "" {
		t.Errorf("the file has %q", got)
	}
}
