package logfile

import (
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

// The disk is filled, and room is made by moving the file elsewhere, again and
// again.
func TestFullDisk(t *testing.T) {
	dir := tinyDisk(t)
	path, old := filepath.Join(dir, "d.log"), filepath.Join(dir, "old")
	l := start(t, Options{Path: path})
	c := &crowd{names: []string{"g"}, wrote: []int{0}}
	var texts []string
	full := 0
	for full < 10 {
		var lines []byte
		for range 100 {
			lines = append(lines, line(nil, "g", c.wrote[0])...)
			c.wrote[0]++
		}
		n, err := l.put(string(lines))
		if err == nil {
			continue
		}
		if full++; !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path) {
			t.Fatal(err)
		}
		do(t, os.Rename(path, old))
		_, err = l.put("") // so that the old file is closed
		do(t, err)
		texts = append(texts, read(t, old))
		do(t, os.Remove(old))
		l.must(string(lines[n:]))
	}
	check(t, append(texts, read(t, path)), c)
	l.close() // else the disk is busy
}
