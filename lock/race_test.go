package lock

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
)

// places returns a lock of each kind for a test.
func places(t *testing.T) map[string]string {
	p := map[string]string{"file": filepath.Join(t.TempDir(), "d.lock")}
	if haveAbstract {
		p["abstract"] = fmt.Sprintf("legion-test/%d/%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "."))
	}
	return p
}

// Of fifty that start at the same moment one wins; each other one exits with an
// error that names the winner.
func TestFiftyStarts(t *testing.T) {
	legiontest.CheckLeaks(t)
	for kind, where := range places(t) {
		t.Run(kind, func(t *testing.T) {
			gate, open, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			var all []*child
			for range 50 {
				all = append(all, run(t, []*os.File{gate}, kind, where, "gate"))
			}
			_ = gate.Close()
			_ = open.Close() // now
			var winner *child
			var losers []*child
			for _, c := range all {
				if c.ready() {
					if winner != nil {
						t.Errorf("both %s and %s have the lock", winner.pid(), c.pid())
					}
					winner = c
				} else {
					losers = append(losers, c)
				}
			}
			if winner == nil {
				t.Fatal("no process has won")
			}
			for _, c := range losers {
				code, stderr := c.end()
				if code != 3 || !strings.Contains(stderr, "is running already: process "+winner.pid()+" holds the lock") {
					t.Errorf("a loser exited with %d: %s; the winner is %s", code, stderr, winner.pid())
				}
			}
			if code, stderr := winner.end(); code != 0 {
				t.Errorf("the winner exited with %d: %s", code, stderr)
			}
		})
	}
}

// Nothing is stale after a SIGKILL: the next start works at once.
func TestKilled(t *testing.T) {
	legiontest.CheckLeaks(t)
	for kind, where := range places(t) {
		t.Run(kind, func(t *testing.T) {
			for range 5 {
				c := run(t, nil, kind, where)
				if !c.ready() {
					t.Fatal(c.end())
				}
				c.kill()
			}
			c := run(t, nil, kind, where)
			if !c.ready() {
				t.Fatal(c.end())
			}
			if code, stderr := c.end(); code != 0 {
				t.Error(code, stderr)
			}
		})
	}
}

// Starts and stops in turn, several at a time: never two at once, and after the
// last one the lock is free.
func TestTurns(t *testing.T) {
	slow.Test(t, "starts many processes in turn", "2 s")
	legiontest.CheckLeaks(t)
	for kind, where := range places(t) {
		t.Run(kind, func(t *testing.T) {
			var inside, turns int
			for turns < 3 {
				var all []*child
				for range 4 {
					c := run(t, nil, kind, where)
					if all = append(all, c); c.ready() {
						inside++
						turns++
					}
				}
				if inside != 1 {
					t.Fatalf("%d have the lock", inside)
				}
				for _, c := range all {
					c.end()
				}
				inside = 0
			}
		})
	}
}

func TestTwoInOneProcess(t *testing.T) {
	legiontest.CheckLeaks(t)
	for kind, where := range places(t) {
		t.Run(kind, func(t *testing.T) {
			legiontest.Start(t, newDaemon(kind, where))
			err := newDaemon(kind, where).Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), "in this very process") {
				t.Error(err)
			}
		})
	}
}

func TestNone(t *testing.T) {
	legiontest.CheckLeaks(t)
	legiontest.Start(t, newDaemon("none", "-"))
	legiontest.Start(t, newDaemon("none", "-"))
}

func TestDefaults(t *testing.T) {
	legiontest.CheckLeaks(t)
	h := &fakeHost{dir: t.TempDir()}
	start, stop, _ := attached("file", "", h)
	if err := start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(h.dir, "locked.lock")); err != nil || string(b) != fmt.Sprintf("%d\n", os.Getpid()) {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(h.dir, "locked.lock")); err != nil || len(b) > 0 {
		t.Errorf("after the stop the file holds %q, %v", b, err)
	}
	if !haveAbstract {
		return
	}
	start, stop, _ = attached("abstract", "", h)
	if err := start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := newDaemon("abstract", "-").Start(t.Context()); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("@legion/locked/%d", os.Geteuid())) {
		t.Error(err)
	}
	if err := stop(t.Context()); err != nil {
		t.Error(err)
	}
}
