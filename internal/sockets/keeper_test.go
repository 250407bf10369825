package sockets

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What vanishes again and again is put back more and more slowly, and what
// cannot be put back is tried again as slowly; neither stops.
func TestPauses(t *testing.T) {
	for row, want := range map[int]time.Duration{1: 0, freeRestores: 0, freeRestores + 1: restorePause, freeRestores + 5: 5 * restorePause, 1 << 20: maxRestorePause} {
		if got := pauseAfter(row); got != want {
			t.Errorf("after %d times it waits for %v, not %v", row, got, want)
		}
	}
	for failures, want := range map[int]time.Duration{1: restorePause, 2: 2 * restorePause, 5: 16 * restorePause, 8: maxRestorePause, 1 << 40: maxRestorePause} {
		if got := retryAfter(failures); got != want {
			t.Errorf("after %d failures it tries again after %v, not %v", failures, got, want)
		}
	}
}

// The keeper looks at once, when something vanishes from a folder, and again
// after a failure without that. It ends with its context.
func TestKeeper(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	k := Keeper{
		Folders: func() []string { return []string{filepath.Dir(file)} },
		Restore: func(context.Context) (restored, failed bool) {
			switch looks++; looks {
			case 1: // all is there; from now on it is watched
				_ = os.Remove(file)
				return false, false
			case 2:
				return false, true
			}
			cancel()
			return true, false
		},
	}
	if k.Run(ctx); looks != 3 {
		t.Errorf("it has looked %d times", looks)
	}
}

// A failure that lasts is told once, another one and a file that is back again.
func TestNote(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	var k Keeper
	full, denied := errors.New("the disk is full"), errors.New("denied")
	for _, c := range []struct {
		what string
		back bool
		err  error
		told string
	}{
		{"a", false, nil, ""},
		{"a", false, full, "the disk is full"},
		{"a", false, full, ""},
		{"b", false, full, "path=b"},
		{"a", false, denied, "denied"},
		{"a", true, nil, "put back"},
		{"a", true, nil, "put back"},
		{"a", false, denied, "denied"},
		{"a", false, nil, ""},
		{"a", false, denied, "denied"},
	} {
		b.Reset()
		k.Note(log, c.what, c.back, c.err)
		if (c.told == "") != (b.Len() == 0) || !strings.Contains(b.String(), c.told) {
			t.Errorf("%+v: it tells %q", c, b.String())
		}
	}
}
