package sockets

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// HasFile reports whether the listener has a file: it is a Unix socket that is
// not abstract.
func (l *Listener) HasFile() bool {
	return l.Network == "unix" && !strings.HasPrefix(l.Address, "@")
}

// noteFile remembers the file of the listener, to recognise it later.
func (l *Listener) noteFile() {
	if l.HasFile() {
		l.info, _ = os.Lstat(l.Address)
	}
}

// Restore makes the socket anew if its file is gone, or was replaced. Existing
// connections go on. makeFolder makes the folder of the file if that is gone,
// too.
func (l *Listener) Restore(ctx context.Context, makeFolder func(path string) error) (back bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old, ok := l.inner.(*net.UnixListener)
	if !ok || l.closed || !l.HasFile() || l.info != nil && leadsTo(l.Address, l.info) {
		return false, nil
	}
	if _, err := os.Stat(filepath.Dir(l.Address)); errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(filepath.Dir(l.Address)); err != nil {
			return false, err
		}
	}
	inner, err := l.listen(ctx)
	if err != nil {
		return false, err
	}
	old.SetUnlinkOnClose(false)
	l.inner = inner
	l.noteFile()
	_ = old.Close() // Accept goes on with the new one
	return true, nil
}

// RemoveFile removes the file of the listener, if it is still its own.
func (l *Listener) RemoveFile() {
	if l.HasFile() && l.info != nil && leadsTo(l.Address, l.info) {
		_ = os.Remove(l.Address)
	}
}

// leadsTo reports whether path is still the file that info describes. A file
// system may give the number of a removed file to the next one, but not its
// time.
func leadsTo(path string, info fs.FileInfo) bool {
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(there, info) && there.ModTime().Equal(info.ModTime())
}
