package sentinel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/wire"
)

var errOwn = errors.New("no such image")

// An error arrives with the code of the sentinel that it matches, the last that
// was registered first.
func TestFault(t *testing.T) {
	r := NewRegistry()
	if err := r.Add("no_image", errOwn); err != nil {
		t.Fatal(err)
	}
	both := fmt.Errorf("%w: %w", errOwn, fs.ErrNotExist)
	for _, c := range []struct {
		err  error
		code string // as the function gives it
		want string
	}{
		{errOwn, "", "no_image"},
		{fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), "", "unexpected_eof"},
		{context.Canceled, "", "canceled"},
		{context.DeadlineExceeded, "", "deadline_exceeded"},
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, "", "permission"},
		{both, "", "no_image"},
		{both, "own", "own"},
		{errors.New("no such image"), "", ""}, // the text alone is nothing
	} {
		if f := r.Fault(c.err, c.code); f != (wire.Fault{Message: c.err.Error(), Code: c.want}) {
			t.Errorf("%v with the code %q is %+v, not %q", c.err, c.code, f, c.want)
		}
	}
}

// Each code leads back to its sentinel, in another registry too.
func TestByCode(t *testing.T) {
	daemon := NewRegistry()
	for _, e := range NewRegistry().all {
		if got := daemon.ByCode(e.code); got != e.sentinel {
			t.Errorf("%s is %v, not %v", e.code, got, e.sentinel)
		}
		if f := daemon.Fault(e.sentinel, ""); f.Code != e.code {
			t.Errorf("%v has the code %q, not %q", e.sentinel, f.Code, e.code)
		}
	}
	for _, code := range []string{"", "EOF", "nothing"} {
		if got := daemon.ByCode(code); got != nil {
			t.Errorf("%q is %v", code, got)
		}
	}
}

// A code that is taken is refused, and says by what.
func TestCodeIsTaken(t *testing.T) {
	r := NewRegistry()
	if err := r.Add("no_image", errOwn); err != nil {
		t.Fatal(err)
	}
	for code, by := range map[string]error{"no_image": errOwn, "eof": io.EOF} {
		if err := r.Add(code, errors.New("other")); err == nil || !strings.Contains(err.Error(), by.Error()) {
			t.Errorf("%s: %v", code, err)
		}
		if r.ByCode(code) != by {
			t.Errorf("%s is %v now", code, r.ByCode(code))
		}
	}
}

// Sentinels may be registered while errors travel.
func TestAtOnce(t *testing.T) {
	r := NewRegistry()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 50 {
				code := fmt.Sprintf("%d.%d", i, n)
				own := errors.New(code)
				if err := r.Add(code, own); err != nil {
					t.Error(err)
				}
				if f := r.Fault(own, ""); f.Code != code || r.ByCode(code) != own {
					t.Errorf("%s: %+v", code, f)
				}
			}
		})
	}
	all.Wait()
}
