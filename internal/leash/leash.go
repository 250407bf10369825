// Package leash ends the programs that tests started when the process of the
// tests ends, for whatever reason: a killed test run leaves no program behind.
// [Hold] is for the tests, [Wear] for their programs.
//
// Background programs and successors after an upgrade have other parents by
// intent. So the leash is a named pipe that all of them find in their
// environment: only the tests hold it open for writing.
package leash

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// key names the environment variable that has the pipe's path.
const key = "LEGION_TEST_LEASH"

// ended is the exit code of a program whose test has ended.
const ended = 9

var held []*os.File // open as long as this process lives

// Hold makes this process hold the leash of all programs that it starts from
// now on, and that they start. They end when it ends. Before, it must call
// release, which removes the file.
func Hold() (release func(), err error) {
	dir, err := os.MkdirTemp("", "leash")
	if err != nil {
		return nil, err
	}
	release = func() { _ = os.RemoveAll(dir) }
	pipe, err := hold(dir)
	if err != nil {
		release()
		return nil, err
	}
	held = append(held, pipe)
	return release, nil
}

func hold(dir string) (*os.File, error) {
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	// Programs of other users wear it, too.
	for path, mode := range map[string]os.FileMode{dir: 0o755, path: 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0) // for writing alone it would wait for a reader
	if err != nil {
		return nil, err
	}
	return f, os.Setenv(key, path)
}

// Wear ends this process when the tests that started it end. Without tests it
// does nothing.
func Wear() {
	path := os.Getenv(key)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if os.IsNotExist(err) {
		os.Exit(ended) // the tests have ended already
	}
	if err != nil {
		return
	}
	go func() {
		for b := make([]byte, 1); ; time.Sleep(time.Second) { // where a read does not wait
			if _, err := f.Read(b); err == io.EOF {
				_ = os.Remove(path) // the tests could not
				_ = os.Remove(filepath.Dir(path))
				os.Exit(ended)
			}
		}
	}()
}
