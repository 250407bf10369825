//go:build unix

package logfile

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/outbox"
)

// The whole way of a record, and a nudge that makes the new file although
// nothing is written.
func TestBehindAnOutbox(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.log")
	s, err := Open(Options{Path: path, MaxSize: 200})
	do(t, err)
	w := outbox.New(s, outbox.Options{})
	logger := slog.New(slog.NewTextHandler(w, nil))
	logger.Info("hello", "n", 1)
	until(t, "it is written", func() bool { return w.Stats().Written == 1 })
	do(t, os.Rename(path, path+".old"))
	w.Nudge()
	until(t, "the new file is there", func() bool { _, err := os.Stat(path); return err == nil })
	for range 10 { // which takes several files
		logger.Info("again")
	}
	do(t, w.Close(guard(t)))
	if got := read(t, path+".old"); !strings.HasSuffix(got, "msg=hello n=1\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
	if got := strings.Join(rotated(t, path, 10), ""); strings.Count(got, "msg=again\n") != 10 || read(t, path+".1") == "" {
		t.Errorf("got %q", got)
	}
	if st := w.Stats(); st.Written != 11 || st.Dropped != 0 || st.Err != nil {
		t.Errorf("%+v", st)
	}
}
