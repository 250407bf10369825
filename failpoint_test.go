//go:build failpoint

package legion_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A worker that dies at any step of a call: the call ends once and is executed
// at most once; one that had not been started goes to another worker, which
// only shared memory can tell. The next call works.
func TestFailPoint(t *testing.T) {
	large := make([]byte, 1<<20)
	for _, c := range []struct {
		point  string
		starts bool // before the call has been started there may be no worker yet
		call   func(s *failing, x deed) error
		ran    int  // executions if the call is lost
		lost   bool // over shared memory
		over   bool // … and over sockets
	}{
		{"worker.ready", true, (*failing).note, 0, false, true},
		{"link.frame", false, (*failing).note, 0, false, true},
		{"link.joining", false, (*failing).largeIn, 0, false, true},
		{"worker.taken", false, (*failing).note, 0, false, true},
		{"worker.started", false, (*failing).note, 0, true, true},
		{"in the function", false, (*failing).die, 1, true, true},
		{"worker.finished", false, (*failing).note, 1, true, true},
		{"link.write", false, (*failing).largeOut, 1, true, true},
		{"link.splitting", false, (*failing).largeOut, 1, true, true},
		{"worker.answered", false, (*failing).note, 1, false, false},
	} {
		for _, transport := range []legion.Transport{legion.SharedMemory, legion.Socket} {
			name := c.point
			if transport == legion.Socket {
				name += " over a socket"
			}
			t.Run(name, func(t *testing.T) {
				legiontest.CheckLeaks(t)
				points := t.TempDir()
				t.Setenv("LEGION_FAILPOINTS", points)
				spawn := legion.Mixed
				if c.starts {
					spawn = legion.Lazy
				}
				s := newFailing(t, legion.Pool{Min: 1, Max: 1, Transport: transport, Spawn: spawn})
				s.large = large
				if err := os.WriteFile(filepath.Join(points, c.point), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				x := deed{Path: filepath.Join(t.TempDir(), "runs"), Size: 1}
				err := c.call(s, x)
				lost, mayBe := c.lost, false
				if transport == legion.Socket {
					lost, mayBe = c.over, c.starts // it may have died before the call was sent
				}
				ran, want := notes(t, x.Path)[1], 1
				if err != nil {
					want = c.ran
				}
				switch {
				case err != nil && !errors.Is(err, legion.ErrCrashed):
					t.Errorf("an error of another kind: %v", err)
				case (err != nil) != lost && !mayBe:
					t.Errorf("lost: %v, want %v", err, lost)
				case ran != want:
					t.Errorf("it was executed %d times, want %d: %v", ran, want, err)
				}
				if c.point != "in the function" {
					await(t, func() bool { _, err := os.Stat(filepath.Join(points, c.point)); return err != nil })
				}
				await(t, func() bool { return s.do.Pool().Stats().Restarts == 1 && len(s.workers("ready")) == 1 })
				for n := 2; n < 5; n++ {
					x.Size = n
					if err := s.note(x); err != nil {
						t.Errorf("the next call: %v", err)
					}
				}
				st := s.do.Pool().Stats()
				if st.Queued+st.Running != 0 || st.Calls != st.OK+st.Crashed || len(notes(t, x.Path)) != 3+min(1, ran) {
					t.Errorf("the books: %+v", st)
				}
			})
		}
	}
}

// failing is a daemon whose workers die at fail points.
type failing struct {
	*solo
	t     *testing.T
	large []byte
}

func newFailing(t *testing.T, p legion.Pool) *failing {
	return &failing{solo: newSolo("solo", p).start(t), t: t}
}

func (f *failing) call(what string, x deed) error {
	x.What = what
	_, err := f.do.Call(f.t.Context(), x)
	return err
}

func (f *failing) note(x deed) error     { return f.call("note", x) }
func (f *failing) die(x deed) error      { return f.call("note and die", x) }
func (f *failing) largeOut(x deed) error { return f.call("note large", x) }

func (f *failing) largeIn(x deed) error {
	x.Ballast = f.large
	return f.note(x)
}
