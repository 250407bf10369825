package sockets

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// unixListener returns a listener at a socket of a folder of its own.
func unixListener(t *testing.T) *Listener {
	t.Helper()
	l := New("listener", 1, "unix", filepath.Join(t.TempDir(), "s"), nil)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func opened(t *testing.T) *Listener {
	t.Helper()
	l := unixListener(t)
	if err := l.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *Listener) there() bool { _, err := os.Lstat(l.Address); return err == nil }

// answers reports whether a client reaches the listener.
func (l *Listener) answers(t *testing.T) bool {
	t.Helper()
	client, err := net.Dial(l.Network, l.Address)
	if err != nil {
		return false
	}
	defer client.Close()
	conn, err := l.Accept()
	if err != nil {
		t.Error(err)
		return false
	}
	return conn.Close() == nil
}

// Accept waits for Open, and ends with Close, in whatever order they come.
func TestAccept(t *testing.T) {
	for name, do := range map[string]func(l *Listener) error{
		"opened, then closed": func(l *Listener) error { return errors.Join(l.Open(t.Context()), l.Close()) },
		"closed":              func(l *Listener) error { return l.Close() },
		"closed, then opened": func(l *Listener) error { return errors.Join(l.Close(), l.Close(), l.Open(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			l := unixListener(t)
			if a := l.Addr(); a.Network() != "unix" || a.String() != l.Address {
				t.Errorf("before Open it is at %v", a)
			}
			over := make(chan error, 1)
			go func() { _, err := l.Accept(); over <- err }()
			if err := do(l); err != nil {
				t.Error(err)
			}
			if err := <-over; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Accept: %v", err)
			}
			if l.there() {
				t.Error("the file stays")
			}
		})
	}
}

// An error of Open is that of the listening, and says where.
func TestOpenThatFails(t *testing.T) {
	if err := New("listener", 1, "unix", filepath.Join(t.TempDir(), "no", "s"), nil).Open(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	bad := errors.New("unlucky")
	if err := New("control", 1, "tcp", "x", func(context.Context) (net.Listener, error) { return nil, bad }).Open(t.Context()); err != bad {
		t.Error(err)
	}
}

// The file goes with the process that counts, and stays for another.
func TestWhoseFile(t *testing.T) {
	l := opened(t)
	if l.GiveAway(); !l.there() {
		t.Error("the file was another process's")
	}
	l = opened(t)
	l.inner.(*net.UnixListener).SetUnlinkOnClose(false) // as if it was inherited
	l.Own()
	if _ = l.Close(); l.there() {
		t.Error("the file is this process's")
	}
	New("listener", 1, "unix", "nowhere", nil).GiveAway() // which was never opened
}

// What is handed over leads to the same socket, and the names lead to its file.
func TestHandOver(t *testing.T) {
	l, closed, never := opened(t), opened(t), unixListener(t)
	_ = closed.Close()
	tcp := New("control", 2, "tcp", "127.0.0.1:0", nil)
	if err := tcp.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	files := map[string]*os.File{}
	made, err := HandOver([]*Listener{l, closed, never, tcp}, files)
	if err != nil || len(made) != 2 || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var names []string
	for name := range files {
		names = append(names, name)
	}
	if left := Left(append(names, "lock unix", "plugin 1 unix /x", "")); !slices.Equal(left, []string{l.Address}) {
		t.Errorf("left are %q", left)
	}
	for _, f := range made {
		next, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = next.Close()
		_ = f.Close()
	}
	if err := l.ListenAgain(); err != nil || !l.answers(t) {
		t.Errorf("it is closed: %v", err)
	}
	if err := tcp.ListenAgain(); err != nil {
		t.Error(err)
	}
}

func TestHasFile(t *testing.T) {
	for address, want := range map[[2]string]bool{{"unix", "/run/s"}: true, {"unix", "@abstract"}: false, {"tcp", "127.0.0.1:0"}: false} {
		if New("listener", 1, address[0], address[1], nil).HasFile() != want {
			t.Errorf("%v", address)
		}
	}
}

// A socket whose file is gone, or another's, is made anew; Accept goes on with
// it.
func TestRestore(t *testing.T) {
	for name, vanish := range map[string]func(l *Listener) error{
		"removed": func(l *Listener) error { return os.Remove(l.Address) },
		"renamed": func(l *Listener) error { return os.Rename(l.Address, l.Address+".old") },
		"replaced": func(l *Listener) error {
			other, err := net.Listen("unix", l.Address+".new")
			if err != nil {
				return err
			}
			other.(*net.UnixListener).SetUnlinkOnClose(false)
			return errors.Join(os.Rename(l.Address+".new", l.Address), other.Close())
		},
		"with the folder": func(l *Listener) error { return os.Rename(filepath.Dir(l.Address), filepath.Dir(l.Address)+".old") },
	} {
		t.Run(name, func(t *testing.T) {
			l := opened(t)
			folders := 0
			makeFolder := func(path string) error { folders++; return os.Mkdir(path, 0o700) }
			if back, err := l.Restore(t.Context(), makeFolder); back || err != nil || !l.answers(t) {
				t.Errorf("nothing is missing: %v, %v", back, err)
			}
			waits := make(chan error, 1)
			go func() { // since before the loss
				conn, err := l.Accept()
				if err == nil {
					err = conn.Close()
				}
				waits <- err
			}()
			if err := vanish(l); err != nil {
				t.Fatal(err)
			}
			if back, err := l.Restore(t.Context(), makeFolder); !back || err != nil || folders > 1 {
				t.Errorf("%v, %v, %d folders made", back, err, folders)
			}
			client, err := net.Dial("unix", l.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if err := <-waits; err != nil {
				t.Error(err)
			}
			if _ = l.Close(); l.there() {
				t.Error("the new file stays")
			}
		})
	}
}

// What cannot be made anew is an error, and the listener goes on. One that was
// closed is not made anew.
func TestRestoreThatFails(t *testing.T) {
	l := opened(t)
	never := func(string) error { return errors.New("not mine") }
	if err := os.RemoveAll(filepath.Dir(l.Address)); err != nil {
		t.Fatal(err)
	}
	if back, err := l.Restore(t.Context(), never); back || err == nil || err.Error() != "not mine" {
		t.Errorf("%v, %v", back, err)
	}
	if back, err := l.Restore(t.Context(), func(path string) error { return os.Mkdir(path, 0o700) }); !back || err != nil || !l.answers(t) {
		t.Errorf("%v, %v", back, err)
	}
	_ = l.Close()
	if back, err := l.Restore(t.Context(), never); back || err != nil {
		t.Errorf("after Close: %v, %v", back, err)
	}
}

// RemoveFile removes its own file only.
func TestRemoveFile(t *testing.T) {
	l := opened(t)
	if err := errors.Join(os.Remove(l.Address), os.WriteFile(l.Address, []byte("precious"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if l.RemoveFile(); !l.there() {
		t.Error("it removes a file of another")
	}
	l = opened(t)
	if l.RemoveFile(); l.there() {
		t.Error("its own file stays")
	}
}
