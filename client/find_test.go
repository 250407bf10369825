package client

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/host"
)

// house is a system of its own: its folders are below one.
type house struct {
	t                    *testing.T
	run, xdg, temp, tmps string
}

func newHouse(t *testing.T) house {
	t.Helper()
	root := socketDir(t)
	h := house{t, root + "/run", root + "/xdg", root + "/temp", root + "/tmp"}
	for _, dir := range []string{h.run, h.xdg, h.temp, h.tmps} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	before := standard
	t.Cleanup(func() { standard = before })
	standard.run, standard.temp = []string{root + "/none", h.run}, h.tmps
	t.Setenv("RUNTIME_DIRECTORY", "")
	t.Setenv("XDG_RUNTIME_DIR", h.xdg)
	t.Setenv("TMPDIR", h.temp)
	return h
}

// daemon makes a daemon listen in folder, and returns its address.
func (h house) daemon(folder string, script func(*peer)) string {
	h.t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		h.t.Fatal(err)
	}
	return serveAt(h.t, "unix", filepath.Join(folder, socketName), script).address
}

func (h house) own(parent, name string) string {
	return filepath.Join(parent, fmt.Sprintf("%s-%d", name, os.Geteuid()))
}

func TestFind(t *testing.T) {
	leaks(t)
	for _, place := range []string{"run", "user", "xdg", "temp", "tmps", "unit"} {
		t.Run(place, func(t *testing.T) {
			h := newHouse(t)
			folder := map[string]string{
				"run": h.run + "/thumbs", "user": fmt.Sprintf("%s/user/%d/thumbs", h.run, os.Geteuid()), "xdg": h.xdg + "/thumbs",
				"temp": h.own(h.temp, "thumbs"), "tmps": h.own(h.tmps, "thumbs"), "unit": h.temp + "/unit/thumbs",
			}[place]
			t.Setenv("RUNTIME_DIRECTORY", h.temp+"/unit/thumbs:/other")
			want := h.daemon(folder, named("thumbs"))
			if got, err := Find("thumbs"); err != nil || got != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
			c, err := Dial(soon(t), "thumbs", Options{})
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Close()
			found, err := List()
			if err != nil || len(found) != 1 {
				t.Fatalf("got %+v, %v", found, err)
			}
			if f := found[0]; f != (Found{Name: "thumbs", Address: want, UID: os.Geteuid(), PID: 4711, State: "running", Version: "1.2", Uptime: 90500 * time.Millisecond}) {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// Find looks where a daemon of this user would make its folder.
func TestFindKnowsRuntimePath(t *testing.T) {
	h := newHouse(t)
	for _, env := range []map[string]string{
		{},
		{"XDG_RUNTIME_DIR": ""},
		{"XDG_RUNTIME_DIR": h.run + "/user/0"},
		{"XDG_RUNTIME_DIR": "relative"},
		{"XDG_RUNTIME_DIR": "", "TMPDIR": ""},
		{"RUNTIME_DIRECTORY": h.run + "/thumbs"},
	} {
		t.Run("", func(t *testing.T) {
			standard.run, standard.temp = []string{"/run", "/var/run"}, "/tmp"
			for k, v := range env {
				t.Setenv(k, v)
			}
			for _, id := range []host.Identity{host.Current(), {UID: 12345, GID: 12345}} {
				want, err := host.RuntimePath("thumbs", "", id)
				if err != nil {
					t.Fatal(err)
				}
				p := here()
				p.uid = id.UID
				if id.UID != os.Geteuid() && filepath.Dir(want) == h.xdg {
					continue // that folder is the other user's
				}
				if !slices.ContainsFunc(p.of("thumbs"), func(s spot) bool { return s.folder == want }) {
					t.Errorf("with %v, for user %d: %s is not in %v", env, id.UID, want, p.of("thumbs"))
				}
			}
		})
	}
}

func TestFindOwnFirst(t *testing.T) {
	h := newHouse(t)
	h.daemon(h.run+"/thumbs", named("thumbs"))
	want := h.daemon(h.xdg+"/thumbs", named("thumbs"))
	if got, err := Find("thumbs"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestFindAddress(t *testing.T) {
	if got, err := Find("/run/x/../y/control.sock"); err != nil || got != "unix:///run/y/control.sock" {
		t.Errorf("got %s, %v", got, err)
	}
	for _, name := range []string{"", "..", "a b", "a\x00b", strings.Repeat("x", 65)} {
		if got, err := Find(name); err == nil {
			t.Errorf("%q: %s", name, got)
		}
	}
}

func TestFindNotRunning(t *testing.T) {
	leaks(t)
	h := newHouse(t)
	stale := filepath.Join(h.run, "thumbs")
	if err := os.Mkdir(stale, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stale, socketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.daemon(h.run+"/other", named("other"))
	t.Setenv("RUNTIME_DIRECTORY", stale) // which is looked at once
	check := func(err error) {
		t.Helper()
		e, ok := errors.AsType[*NotRunningError](err)
		if !ok || e.Name != "thumbs" || len(e.Others) != 0 {
			t.Fatalf("got %#v", err)
		}
		for _, path := range []string{h.xdg + "/thumbs", stale, h.own(h.temp, "thumbs"), h.own(h.tmps, "thumbs")} {
			if path = filepath.Join(path, socketName); !slices.Contains(e.Tried, path) || !strings.Contains(e.Error(), path) {
				t.Errorf("%s is not in %v, %q", path, e.Tried, e)
			}
		}
		if once := slices.Compact(slices.Sorted(slices.Values(e.Tried))); len(once) != len(e.Tried) {
			t.Errorf("tried twice: %v", e.Tried)
		}
		if !strings.Contains(e.Error(), "the daemon thumbs is not running") || !strings.Contains(e.Error(), "start it") {
			t.Errorf("its text is %q", e)
		}
	}
	_, err := Find("thumbs")
	check(err)
	_, err = Dial(soon(t), "thumbs", Options{})
	check(err)
}

// Find finds the daemons that List shows by that name: also one of this user's
// in a folder of another name. If there are several it takes none, and the
// error names all.
func TestFindElsewhere(t *testing.T) {
	h := newHouse(t)
	blue := h.daemon(h.run+"/thumbs-blue", named("thumbs"))
	if got, err := Find("thumbs"); err != nil || got != blue {
		t.Errorf("got %q, %v; want %s", got, err, blue)
	}
	c, err := Dial(soon(t), "thumbs", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	green := h.daemon(h.run+"/thumbs-green", named("thumbs"))
	_, err = Find("thumbs")
	e, ok := errors.AsType[*NotRunningError](err)
	if !ok || !slices.Equal(e.Others, []string{blue, green}) || !strings.Contains(e.Error(), blue+" or "+green) {
		t.Errorf("got %v", err)
	}
}

// The error names a socket that a daemon has left as such, and no other place.
func TestFindStale(t *testing.T) {
	h := newHouse(t)
	folder := h.own(h.temp, "thumbs")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(folder, socketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	_, err = Find("thumbs")
	if e, ok := errors.AsType[*NotRunningError](err); !ok || !slices.Equal(e.Stale, []string{l.Addr().String()}) || len(e.Tried) < 2 {
		t.Errorf("got %#v", err)
	}
}

// With a link, a user who may write to a daemon's folder could lead clients to
// another daemon.
func TestDialNameOfAnother(t *testing.T) {
	leaks(t)
	h := newHouse(t)
	h.daemon(h.run+"/important", named("important"))
	if err := os.Mkdir(h.run+"/thumbs", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(h.run+"/important/control.sock", h.run+"/thumbs/control.sock"); err != nil {
		t.Fatal(err)
	}
	_, err := Dial(soon(t), "thumbs", Options{})
	if e, ok := errors.AsType[*NotRunningError](err); !ok || !strings.Contains(e.Error(), `"important" listens`) {
		t.Errorf("got %v", err)
	}
	// The next place is tried.
	h.daemon(h.own(h.temp, "thumbs"), named("thumbs"))
	c, err := Dial(soon(t), "thumbs", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestDialNameRefused(t *testing.T) {
	h := newHouse(t)
	h.daemon(h.run+"/thumbs", func(p *peer) {
		p.name = ""
		r, _ := p.next()
		p.refuse(string(r.ID), CodeNotAllowed, "not allowed")
		p.end()
	})
	_, err := Dial(soon(t), "thumbs", Options{})
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeNotAllowed {
		t.Errorf("got %v", err)
	}
	found, err := List()
	if err != nil || len(found) != 1 {
		t.Fatalf("got %v, %v", found, err)
	}
	if e, ok := errors.AsType[*Error](found[0].Err); !ok || e.Code != CodeNotAllowed || found[0].Name != "thumbs" {
		t.Errorf("got %+v", found[0])
	}
}

func TestList(t *testing.T) {
	leaks(t)
	h := newHouse(t)
	if found, err := List(); err != nil || found == nil || len(found) != 0 {
		t.Errorf("of nothing: %#v, %v", found, err)
	}
	want := []string{
		"a " + h.daemon(h.run+"/a", named("a")),
		"a " + h.daemon(h.xdg+"/a", named("a")),
		"b " + h.daemon(h.own(h.temp, "b"), named("b")),
		"blue " + h.daemon(h.run+"/thumbs", named("blue")),
		"hangs " + h.daemon(h.run+"/hangs", silent),
	}
	for i := range 40 {
		name := fmt.Sprintf("many%02d", i)
		want = append(want, name+" "+h.daemon(h.run+"/"+name, named(name)))
	}
	// Processes that are not daemons.
	h.daemon(h.run+"/foreign", func(p *peer) { p.name = ""; _, _ = p.next(); p.say("HTTP/1.1 400 Bad Request"); p.end() })
	h.daemon(h.run+"/nameless", named("\x1b[31m"))
	h.daemon(h.run+"/chatty", func(p *peer) {
		for p.in.Buffered() == 0 {
			if _, err := p.conn.Write([]byte(strings.Repeat("x", 1<<16))); err != nil {
				return
			}
		}
	})
	h.daemon(h.run+"/gone", func(*peer) {})
	h.daemon(h.temp+"/nobody", named("nobody"))
	stale := h.run + "/stale"
	if err := os.Mkdir(stale, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale+"/control.sock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.run+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(h.run+"/linked", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(h.run+"/a/control.sock", h.run+"/linked/control.sock"); err != nil {
		t.Fatal(err)
	}
	found, err := List()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.Name+" "+f.Address)
		if (f.Err != nil) != (f.Name == "hangs") {
			t.Errorf("%s: %v", f.Name, f.Err)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
