package link_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/link"
)

// A link that cannot be made for lack of descriptors, however many there are
// left, leaves nothing behind.
func TestNewWithoutDescriptors(t *testing.T) {
	fds, maps := descriptors(t), mappings(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	failed := 0
	for room := range uint64(30) {
		tight := limit
		tight.Cur = 0
		for free := uint64(0); free < room || slices.Contains(fds, int(tight.Cur)); tight.Cur++ {
			if !slices.Contains(fds, int(tight.Cur)) {
				free++
			}
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &tight); err != nil {
			t.Fatal(err)
		}
		c, files, err := link.New(link.SharedMemory, link.Options{})
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		if err == nil {
			c.Close()
			closeFiles(files)
		} else if failed++; !errors.Is(err, unix.EMFILE) {
			t.Errorf("with %d descriptors: %v", room, err)
		}
		if now := descriptors(t); len(now) != len(fds) || mappings(t) != maps {
			t.Fatalf("with %d descriptors, %v: %v are open, %v were; %d segments, %d were", room, err, now, fds, mappings(t), maps)
		}
		if err == nil {
			break
		}
	}
	if failed < 8 {
		t.Errorf("it failed only %d times", failed)
	}
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// A worker that cannot open what it has inherited keeps nothing open.
func TestOpenOfWhatIsNoLink(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, files []*os.File) []*os.File{
		"too few files": func(_ *testing.T, files []*os.File) []*os.File { files[4].Close(); return files[:4] },
		"no memory":     func(_ *testing.T, files []*os.File) []*os.File { files[0].Close(); return files },
		"other memory": func(t *testing.T, files []*os.File) []*os.File {
			if _, err := files[0].WriteAt([]byte{9}, 3); err != nil {
				t.Fatal(err)
			}
			return files
		},
		"no bell":       func(_ *testing.T, files []*os.File) []*os.File { files[2].Close(); return files },
		"no space bell": func(_ *testing.T, files []*os.File) []*os.File { files[4].Close(); return files },
	} {
		t.Run(name, func(t *testing.T) {
			fds, maps := descriptors(t), mappings(t)
			d, files, err := link.New(link.SharedMemory, link.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if c, err := link.Open(link.SharedMemory, spoil(t, files), link.Options{}); err == nil {
				t.Error("it was opened")
				c.Close()
			}
			d.Close()
			if now := descriptors(t); len(now) != len(fds) || mappings(t) != maps {
				t.Errorf("%v are open, %v were; %d segments, %d were", now, fds, mappings(t), maps)
			}
		})
	}
}
