package systemd

import (
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

// heir is a daemon that inherits what another one has kept.
type heir struct{ kept map[string]*os.File }

func (h *heir) Name() string { return "heir" }

func (h *heir) Keep(name string, f *os.File) {
	if h.kept == nil {
		h.kept = map[string]*os.File{}
	}
	h.kept[name] = f
}

func (h *heir) Inherited(name string) *os.File {
	f := h.kept[name]
	if f == nil {
		return nil
	}
	other, err := duplicate(f)
	if err != nil {
		panic(err)
	}
	return other
}

func (h *heir) Healthy() error { return nil }

// The new process inherits systemd's variables from the first and does not
// report its own start. The old one names it in its last message.
func TestUpgrade(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := manage(t, false)
	d, s := newDaemon(Options{})
	keeper := &heir{}
	s.daemon = keeper
	r, w, err := os.Pipe()
	must(t, err)
	s.given.files = []namedFile{{"state", r}, {"state", w}}
	s.given.watchdog = 100 * time.Millisecond
	must(t, d.Start(t.Context()))
	m.expect("READY=1", "STATUS=ready")
	m.expect("WATCHDOG=1")

	next := New(Options{})
	next.daemon = &heir{kept: keeper.kept}
	must(t, next.Start(t.Context()))
	if got := next.env; got.socket != m.name || got.watchdog != 100*time.Millisecond || !reflect.DeepEqual(next.Names(), []string{"state"}) {
		t.Errorf("inherited %+v", got)
	}
	emit(t, d, event.PIDChanged{Old: os.Getpid(), New: 4711})
	for {
		n := m.next()
		if n.value("MAINPID") != "" {
			if n.text != "MAINPID=4711\nWATCHDOG=1" {
				t.Errorf("got %q", n.text)
			}
			break
		}
	}
	if err := s.Store("x", os.Stdin); err == nil {
		t.Error("one that has been replaced stores descriptors")
	}
	must(t, d.Stop(t.Context())) // silent: the service goes on
	m.none()

	next.started()
	m.expect("WATCHDOG=1", "STATUS=ready") // at its time; no READY
	files, err := next.Files("state")
	must(t, err)
	if len(files) != 2 {
		t.Fatalf("%d descriptors", len(files))
	}
	_, err = files[1].WriteString("x")
	must(t, err)
	_, err = files[0].Read(make([]byte, 1))
	must(t, err)
	for _, f := range files {
		must(t, f.Close())
	}
	must(t, next.Stop(t.Context()))
}

// A process must check what it inherits.
func TestStateRoundTrip(t *testing.T) {
	e := environment{socket: "@a b", watchdog: 3 * time.Second, files: []namedFile{{name: "a b"}, {name: "c"}}}
	got, names, err := parseState(e.format())
	if err != nil || got.socket != e.socket || got.watchdog != e.watchdog || !reflect.DeepEqual(names, []string{"a b", "c"}) {
		t.Errorf("%+v %q %v", got, names, err)
	}
	if _, _, err := parseState("watchdog x\n"); err == nil {
		t.Error("rubbish is believed")
	}
}

func FuzzState(f *testing.F) {
	f.Add("socket /run/x\nwatchdog 1000\nfile a\nnew thing\n")
	f.Fuzz(func(t *testing.T, s string) {
		e, names, err := parseState(s)
		if err != nil {
			return
		}
		for _, name := range names {
			e.files = append(e.files, namedFile{name: name})
		}
		again, names2, err := parseState(e.format())
		if err != nil || again.socket != e.socket || again.watchdog != e.watchdog || !reflect.DeepEqual(names, names2) {
			t.Errorf("%+v %q became %+v %q, %v", e, names, again, names2, err)
		}
	})
}
