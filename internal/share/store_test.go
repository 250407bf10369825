package share

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newStore makes a store whose files are closed when the test ends: others
// count those that are open.
func newStore(t *testing.T) *Store {
	s := new(Store)
	t.Cleanup(s.Close)
	return s
}

// content declares the value of which text is the present one.
func content(t *testing.T, s *Store, name string, text *string) {
	t.Helper()
	if _, err := s.Declare(name, func(context.Context) ([]byte, error) { return []byte(*text), nil }); err != nil {
		t.Fatal(err)
	}
}

// worker makes a store with the same declarations, of the files that a worker
// would inherit.
func worker(t *testing.T, s *Store) *Store {
	t.Helper()
	files, release := s.Hold()
	defer release()
	w := &Store{names: s.names}
	if err := w.Open(inherit(t, files)); err != nil {
		t.Fatal(err)
	}
	return w
}

// see returns what a store has.
func see(s *Store, number int) string {
	b, ok := s.Bytes(number)
	if !ok {
		return "nothing"
	}
	return string(b)
}

func TestStore(t *testing.T) {
	s := newStore(t)
	a, b := "first", ""
	content(t, s, "a", &a)
	content(t, s, "b", &b)
	if got := see(s, 0); got != "nothing" || s.Stats() != nil {
		t.Errorf("before the first load: %q, %v", got, s.Stats())
	}
	if err := s.Load(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	old := worker(t, s)
	held, _ := s.Bytes(0)
	a, b = "second", strings.Repeat("b", 100_000)
	if err := s.Load(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	now := worker(t, s)
	for _, c := range []struct{ what, got, want string }{
		{"the daemon's a", see(s, 0), "second"}, {"its b", see(s, 1), b},
		{"the new worker's a", see(now, 0), "second"}, {"its b", see(now, 1), b},
		{"the old worker's a", see(old, 0), "first"}, {"its b", see(old, 1), ""},
		{"the old slice", string(held), "first"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %.20q", c.what, c.got)
		}
	}
	stats := s.Stats()
	if stats[0].Kept != uint64(len("first")) || stats[1].Kept != 0 || stats[1].Bytes != 100_000 || stats[0].Name != "a" {
		t.Errorf("%+v", stats)
	}
}

// One value that fails: all stay.
func TestLoadFails(t *testing.T) {
	s := newStore(t)
	a := "first"
	content(t, s, "a", &a)
	broken := errors.New("broken")
	var now error
	if _, err := s.Declare("b", func(context.Context, io.Writer) error { return now }); err != nil {
		t.Fatal(err)
	}
	if err := s.Load(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	a, now = "second", broken
	if err := s.Load(t.Context(), t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if see(s, 0) != "first" || see(worker(t, s), 0) != "first" {
		t.Errorf("it has been replaced by %q", see(s, 0))
	}
}

// A worker with other declarations does not start.
func TestOtherDeclarations(t *testing.T) {
	s := newStore(t)
	if err := s.Open([]*os.File{nil}); err == nil || !strings.Contains(err.Error(), "this worker declares 0 shared values, and the daemon 1") {
		t.Errorf("got %v", err)
	}
}

// Neither the daemon nor a worker can write to a value, change its size, or
// make it writable, also if the file is not in memory.
func TestSealed(t *testing.T) {
	for name, make := range map[string]func() (target, *os.File, error){
		"memory":    func() (target, *os.File, error) { return create("test") },
		"temporary": temporary,
	} {
		t.Run(name, func(t *testing.T) {
			into, from, err := make()
			if err != nil {
				t.Fatal(err)
			}
			defer from.Close()
			if _, err := into.WriteString("value"); err != nil {
				t.Fatal(err)
			}
			if err := into.seal(); err != nil {
				t.Fatal(err)
			}
			if into.memory {
				if _, err := into.WriteAt([]byte("V"), 0); err == nil {
					t.Error("it can be written to")
				}
				if _, err := into.WriteString("more"); err == nil {
					t.Error("it can grow")
				}
				if into.Truncate(0) == nil {
					t.Error("it can be shortened")
				}
			}
			into.Close()
			v, err := newValue(from)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(v.mem, []byte("value")) {
				t.Errorf("it is %q", v.mem)
			}
			if flags, err := unix.FcntlInt(from.Fd(), unix.F_GETFL, 0); err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY {
				t.Errorf("a worker has a file with the flags %#x, %v", flags, err)
			}
			if err := writable(v.mem); err == nil {
				t.Error("a worker can make it writable")
			}
		})
	}
}

// A loader that is late finds the file closed, and its value is not taken.
func TestLateWrite(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no patience")
	said := make(chan error, 1)
	_, err := s.Declare("late", func(ctx context.Context, w io.Writer) error {
		cancel(why)
		<-ctx.Done()
		_, err := fmt.Fprint(w, "late")
		said <- err
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(ctx, t.Context()); !errors.Is(err, why) {
		t.Errorf("the load says %v", err)
	}
	if err := <-said; err == nil {
		t.Error("it could write")
	}
}

// inherit returns the files as a worker would have them.
func inherit(t *testing.T, files []*os.File) (theirs []*os.File) {
	t.Helper()
	for _, f := range files {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, os.NewFile(uintptr(fd), "inherited"))
	}
	return theirs
}

// writable tries to make a mapping writable.
func writable(mem []byte) error { return unix.Mprotect(mem, unix.PROT_READ|unix.PROT_WRITE) }
