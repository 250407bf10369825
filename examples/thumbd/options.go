package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/legion-go/legion"

	"github.com/legion-go/legion/examples/thumbd/internal/sample"
)

// options is what the command line says. Every process reads it, the daemon and
// the workers.
type options struct {
	once    bool
	in, out string // folders; "" = one of our own
	samples bool   // in is our own
	size    int    // pixels
	workers int
	timeout time.Duration
	memory  int // MiB
	open    bool
	verbose bool
}

// register declares the flags.
func (o *options) register(fs *flag.FlagSet) {
	fs.BoolVar(&o.once, "once", false, "make one pass over the folder, then exit")
	fs.StringVar(&o.in, "in", "", "`folder` of pictures (default: sample pictures, made on first use)")
	fs.StringVar(&o.out, "out", "", "`folder` for the thumbnails (default: one in your cache folder)")
	fs.IntVar(&o.size, "size", 256, "longer side of a thumbnail, in `pixels`")
	fs.IntVar(&o.workers, "workers", max(2, runtime.NumCPU()), "how many worker `processes` at most")
	fs.DurationVar(&o.timeout, "timeout", 2*time.Second, "how long one picture may take")
	fs.IntVar(&o.memory, "memory", 256, "how much memory a worker may take, in `MiB`")
	fs.BoolVar(&o.open, "unsealed", false, "do without the sandbox: pictures may read your files and connect to anybody")
	fs.BoolVar(&o.verbose, "v", false, "show what the framework logs: starts and deaths of workers, stacks")
}

// logLevel is the framework's level. The service prints the results of files
// itself, so that without -v only errors of the daemon are logged.
func (o *options) logLevel() slog.Level {
	if o.verbose {
		return slog.LevelDebug
	}
	return slog.LevelError
}

// usageError is a mistake of the person who started the program: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// check finds mistakes in the command line itself. Its result is the same in
// every process.
func (o *options) check() error {
	switch {
	case o.size < 1 || o.size > 2048:
		return usagef("-size %d: give 1 to 2048 pixels, such as -size 256", o.size)
	case o.workers < 1 || o.workers > 256:
		return usagef("-workers %d: give 1 to 256, such as -workers %d", o.workers, runtime.NumCPU())
	case o.timeout < 10*time.Millisecond || o.timeout > time.Hour:
		return usagef("-timeout %v: give 10ms to 1h, such as -timeout 2s", o.timeout)
	case o.memory < 64 || o.memory > 1<<20:
		return usagef("-memory %d: give 64 to %d MiB, such as -memory 256", o.memory, 1<<20)
	}
	return nil
}

// locate makes the path of the pictures absolute.
func (o *options) locate() error {
	if o.in == "" {
		cache, err := cacheFolder()
		if err != nil {
			return err
		}
		o.in, o.samples = filepath.Join(cache, fmt.Sprintf("samples-%d", sample.Version)), true
	}
	in, err := filepath.Abs(o.in)
	if err != nil {
		return usagef("-in %s: %w", o.in, err)
	}
	o.in = in
	return nil
}

// sandbox is what a worker may do: read the pictures, and nothing else. What is
// forbidden ends it: no decoder of pictures has a reason to try.
func (o *options) sandbox() *legion.Sandbox {
	if o.open {
		return nil
	}
	if o.locate() != nil { // prepare says so; a worker has the daemon's sandbox, and not all of its environment
		return legion.Locked()
	}
	return &legion.Sandbox{Read: []string{o.in}, Strict: true}
}

// prepare makes the folders, or returns why it cannot. Only the daemon calls
// it.
func (o *options) prepare() error {
	if err := o.locate(); err != nil {
		return err
	}
	in := o.in
	if o.samples {
		if _, err := os.Stat(in); err != nil {
			fmt.Println("thumbd: making sample pictures, once")
		}
		if err := sample.Folder(in); err != nil {
			return usagef("%w (or give a folder of your own with -in)", err)
		}
	}
	if _, err := os.ReadDir(in); err != nil {
		return usagef("cannot read the folder of pictures: %w (give one that you can read with -in)", err)
	}

	if o.out == "" {
		cache, err := cacheFolder()
		if err != nil {
			return err
		}
		o.out = filepath.Join(cache, "thumbnails", filepath.Base(in))
	}
	out, err := filepath.Abs(o.out)
	if err != nil {
		return usagef("-out %s: %w", o.out, err)
	}
	if err := writable(out); err != nil {
		return usagef("cannot write thumbnails: %w (give a folder that you can write to with -out)", err)
	}
	if same(in, out) {
		return usagef("-in and -out are both %s: thumbnails would be made of thumbnails; give two folders", in)
	}
	o.out = out
	return nil
}

// cacheFolder is the folder for files that can be made again.
func cacheFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usagef("no place for sample pictures and thumbnails: %w (or give -in and -out)", err)
	}
	return filepath.Join(cache, "legion-thumbd"), nil
}

// writable makes dir if it is not there, and tries to write a file in it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// same reports whether two paths lead to one folder.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
