package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// file is a picture that waits in the folder, as it was when it was seen.
type file struct {
	name     string
	size     int64
	modified time.Time
}

// folder finds files in a folder that are new or have changed. It opens
// none of them.
type folder struct {
	dir     string
	patient bool // hand out a file only when it is the same in two scans, so that no half-copied one is taken

	seen map[string]sighting
}

// sighting is a file as it was in the last scan.
type sighting struct {
	file
	handed bool // handed out as it is now
}

// scan returns the files to deal with now, in the order of their names: each
// regular file once, and again whenever it has changed. It ignores files whose
// names begin with a dot, folders and symbolic links. A busy file is left for
// later.
func (f *folder) scan(busy func(name string) bool) ([]file, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, err
	}
	var ready []file
	now := make(map[string]sighting, len(entries))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // gone since
		}
		current := sighting{file: file{entry.Name(), info.Size(), info.ModTime()}}
		before, known := f.seen[current.name]
		unchanged := known && before.file == current.file
		current.handed = unchanged && before.handed
		if !current.handed && (unchanged || !f.patient) && !busy(current.name) {
			current.handed = true
			ready = append(ready, current.file)
		}
		now[current.name] = current
	}
	f.seen = now
	return ready, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }
