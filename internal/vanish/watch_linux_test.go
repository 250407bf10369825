package vanish

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The kernel reports each way in which a name disappears, the removal of the
// folder too.
func TestWatch(t *testing.T) {
	for name, vanish := range map[string]func(folder, file string) error{
		"removed":        func(_, file string) error { return os.Remove(file) },
		"renamed":        func(_, file string) error { return os.Rename(file, file+".old") },
		"replaced":       func(folder, file string) error { return os.Rename(filepath.Join(folder, "other"), file) },
		"folder removed": func(folder, _ string) error { return os.RemoveAll(folder) },
		"folder renamed": func(folder, _ string) error { return os.Rename(folder, folder+".old") },
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "sub")
			file := filepath.Join(folder, "file")
			if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(file, nil, 0o600), os.WriteFile(filepath.Join(folder, "other"), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
			w := New()
			defer w.Close()
			w.Add(folder, folder)
			if w.kernel.file == nil || w.kernel.blind {
				t.Fatal("the kernel does not watch")
			}
			if err := vanish(folder, file); err != nil {
				t.Fatal(err)
			}
			if err := w.Wait(t.Context()); err != nil { // hangs if no event comes
				t.Error(err)
			}
		})
	}
}

// A missing folder can be added again later, and Wait ends with its context.
func TestWatchOfNothing(t *testing.T) {
	w := New()
	defer w.Close()
	w.Add(filepath.Join(t.TempDir(), "none"))
	if !w.kernel.blind {
		t.Error("a folder that does not exist is watched")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
