package share

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/legion-go/legion/internal/bus"
)

// large is the size of a value whose copy on the heap is given back to the
// system at once: that takes a garbage collection.
const large = 16 << 20

// loader is the function that makes a value.
type loader func(context.Context, io.Writer) error

// newLoader takes a function that returns a value, or one that writes it.
func newLoader(load any) (loader, error) {
	switch f := load.(type) {
	case func(context.Context) ([]byte, error):
		if f != nil {
			return whole(f), nil
		}
	case func(context.Context, io.Writer) error:
		if f != nil {
			return f, nil
		}
	}
	return nil, errors.New("the function is nil")
}

// whole makes a loader of a function that returns the value.
func whole(f func(context.Context) ([]byte, error)) loader {
	return func(ctx context.Context, w io.Writer) error {
		b, err := f(ctx)
		if err != nil {
			return err
		}
		n, err := w.Write(b) // the last use of b
		if n >= large {
			debug.FreeOSMemory()
		}
		return err
	}
}

// load makes a value. A panic is an error.
func (l loader) load(ctx context.Context, name string) (*value, error) {
	into, from, err := create("legion share " + name)
	if err != nil {
		return nil, err
	}
	defer into.Close()
	out := &writer{ctx, into.File}
	select {
	case err = <-bus.Apart(func() error { return l(ctx, out) }):
	case <-ctx.Done():
		err = fmt.Errorf("loading it did not end in time: %w", context.Cause(ctx))
	}
	if err == nil {
		err = into.seal()
	}
	if err != nil {
		from.Close()
		return nil, err
	}
	v, err := newValue(from)
	if err != nil {
		from.Close()
		return nil, err
	}
	v.file, v.loaded = from, time.Now()
	return v, nil
}

// writer takes the bytes of a value, until the time for it is over. Once the
// value is complete its file is closed.
type writer struct {
	ctx  context.Context
	file *os.File
}

func (w *writer) Write(b []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, context.Cause(w.ctx)
	}
	return w.file.Write(b)
}
