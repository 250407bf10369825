package sockets

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
)

// Files are the files of a daemon that must stay while it runs: the sockets of
// its listeners, and those of its plugins.
type Files struct {
	Listeners func() []*Listener
	Plugins   iter.Seq2[string, Restorer]
	// MakeFolder makes the folder of a socket again, or says why not.
	MakeFolder func(path string) error
	// Note is called with the result for each file that is put back, for each
	// listener and for each plugin.
	Note func(what string, back bool, err error)
}

// Restorer is a plugin with such files, see plugin.Restorer.
type Restorer interface {
	Files() []string
	Restore(ctx context.Context) (back []string, err error)
}

// Folders returns the folders of the files.
func (f *Files) Folders() (all []string) {
	for _, l := range f.Listeners() {
		if l.HasFile() {
			all = append(all, filepath.Dir(l.Address))
		}
	}
	for _, r := range f.Plugins {
		for _, path := range r.Files() {
			all = append(all, filepath.Dir(path))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Restore puts back missing files. It reports whether any was put back, and
// whether any could not be.
func (f *Files) Restore(ctx context.Context) (restored, failed bool) {
	note := func(what string, back bool, err error) {
		restored, failed = restored || back, failed || err != nil
		f.Note(what, back, err)
	}
	for _, l := range f.Listeners() {
		back, err := l.Restore(ctx, f.MakeFolder)
		note(l.Address, back, err)
	}
	for name, r := range f.Plugins {
		back, err := r.Restore(ctx)
		for _, path := range back {
			note(path, true, nil)
		}
		note("plugin "+name, false, err)
	}
	return restored, failed
}
