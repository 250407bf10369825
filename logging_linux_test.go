package legion_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

func TestLogJournal(t *testing.T) {
	legiontest.CheckLeaks(t)
	dir, err := os.MkdirTemp("", "j") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "socket")
	defer legion.SetJournalSocket(path)()
	c := logged(legion.Config{LogFormat: "journal"})
	if err := newSoloOf(c, legion.Pool{Max: 1}).d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("without journald: %v", err)
	}

	journald, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer journald.Close()
	s := newSoloOf(c, legion.Pool{Max: 1}).start(t)
	pid := s.must(t, deed{What: "pid"})
	s.must(t, deed{What: "log", Size: 7, Path: "/x"})
	s.d.Logger().Error("two\nlines", "message", "mine", "err", fmt.Errorf("an error"))
	stop(t, s.d)
	var entries []string
	for len(entries) == 0 || !strings.Contains(entries[len(entries)-1], "MESSAGE=stopped\n") {
		b := make([]byte, 64<<10)
		n, err := journald.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, string(b[:n]))
	}
	want := func(parts ...string) {
		t.Helper()
		for _, e := range entries {
			has := strings.Contains(e, "SYSLOG_IDENTIFIER=solo\n") && strings.Contains(e, "DAEMON=solo\n")
			for _, p := range parts {
				has = has && strings.Contains(e, p+"\n")
			}
			if has {
				return
			}
		}
		t.Errorf("no entry with %q in %q", parts, entries)
	}
	want("MESSAGE=started", "PRIORITY=6")
	want("MESSAGE=from inside", "PRIORITY=4", "POOL=pool", "PID="+pid, "SIZE=7", "G_PATH=/x", "CALL=2")
	want("MESSAGE\n\x09\x00\x00\x00\x00\x00\x00\x00two\nlines", "PRIORITY=3", "ATTR_MESSAGE=mine", "ERR=an error")
}
