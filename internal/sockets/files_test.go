package sockets

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// keeping is a plugin with files.
type keeping struct{ err error }

func (keeping) Files() []string { return []string{"/run/b/pid", "/run/a/lock", "/run/b/lock"} }

func (k keeping) Restore(context.Context) ([]string, error) { return []string{"/run/a/lock"}, k.err }

// The folders of all files are watched, each once; what is put back, and what
// cannot be, is noted.
func TestFiles(t *testing.T) {
	full := errors.New("the disk is full")
	var noted []string
	f := Files{
		Listeners: func() []*Listener {
			return []*Listener{New("listener", 0, "unix", "/run/a/socket", nil), New("listener", 0, "tcp", "127.0.0.1:0", nil)}
		},
		Plugins: func(yield func(string, Restorer) bool) { yield("lock", keeping{full}) },
		Note: func(what string, back bool, err error) {
			if back {
				noted = append(noted, what+" is back")
			}
			if err != nil {
				noted = append(noted, what+": "+err.Error())
			}
		},
	}
	if got, want := f.Folders(), []string{"/run/a", "/run/b"}; !slices.Equal(got, want) {
		t.Errorf("%q instead of %q", got, want)
	}
	if restored, failed := f.Restore(t.Context()); !restored || !failed {
		t.Error(restored, failed)
	}
	if want := []string{"/run/a/lock is back", "plugin lock: the disk is full"}; !slices.Equal(noted, want) {
		t.Errorf("%q instead of %q", noted, want)
	}
}
