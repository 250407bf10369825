package share

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

// mappings counts the mappings of a value in this process.
func mappings(t *testing.T, name string) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "legion share "+name)
}

// A replaced value is unmapped, unless somebody in the daemon has read it; no
// descriptor stays open.
func TestReplacedIsFreed(t *testing.T) {
	s := newStore(t)
	read, unread := "1", "1"
	content(t, s, "read", &read)
	content(t, s, "unread", &unread)
	if err := s.Load(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	olderRead, olderUnread := mappings(t, "read")-1, mappings(t, "unread")-1 // of this test's earlier runs
	fds := descriptors(t)
	for i := range 3 {
		s.Bytes(0)
		read = fmt.Sprint(i)
		if err := s.Load(t.Context(), t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := mappings(t, "read") - olderRead; n != 4 {
		t.Errorf("%d values that were read are mapped, want the present one and three", n)
	}
	if n := mappings(t, "unread") - olderUnread; n != 1 {
		t.Errorf("%d values that were not read are mapped, want the present one", n)
	}
	if now := descriptors(t); now != fds {
		t.Errorf("%d descriptors were open, and now %d", fds, now)
	}
	if err := (&Store{names: s.names}).Open(inherit(t, held(s))); err != nil {
		t.Fatal(err)
	}
	if now := descriptors(t); now != fds {
		t.Errorf("%d descriptors were open, and after the start of a worker %d", fds, now)
	}
}

func held(s *Store) []*os.File {
	files, release := s.Hold()
	defer release()
	return files
}

// descriptors counts those of values: the runtime opens others when it likes.
func descriptors(t *testing.T) (n int) {
	t.Helper()
	const folder = "/proc/self/fd/"
	fds, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(folder + fd.Name()); err == nil && strings.Contains(to, "legion share") {
			n++
		}
	}
	return n
}

// The file of a value does not change while a worker that inherits it starts.
func TestHoldDelaysTheReplacement(t *testing.T) {
	s := newStore(t)
	a := "first"
	content(t, s, "a", &a)
	if err := s.Load(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	files, release := s.Hold()
	over := make(chan error, 1)
	go func() { over <- s.Load(context.Background(), context.Background()) }()
	for len(over) == 0 && s.starting.TryRLock() { // until the load wants to replace the value
		s.starting.RUnlock()
	}
	if _, err := files[0].Stat(); err != nil {
		t.Errorf("the file of a starting worker: %v", err)
	}
	release()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if _, err := files[0].Stat(); err == nil {
		t.Error("the replaced file is open")
	}
}

// Close frees what nobody has read; what somebody has read stays readable.
func TestClose(t *testing.T) {
	s := newStore(t)
	a, b := "a", "b"
	content(t, s, "close a", &a)
	content(t, s, "close b", &b)
	fds := descriptors(t)
	if err := s.Load(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Bytes(0)
	s.Close()
	if see(s, 0) != "a" || see(s, 1) != "nothing" || mappings(t, "close b") != 0 || descriptors(t) != fds {
		t.Errorf("it has %q and %q, %d mappings, and %d descriptors instead of %d", see(s, 0), see(s, 1), mappings(t, "close b"), descriptors(t), fds)
	}
	if err := s.Load(t.Context(), t.Context()); err == nil || descriptors(t) != fds {
		t.Errorf("it loads again: %v", err)
	}
}
