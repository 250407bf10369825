package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/legiontest"
)

// A daemon is found wherever it is by its own command line, by that of a tool
// and by the list of daemons, or by none of them, and start does not start
// another one.
func TestOneDaemonIsFoundEverywhere(t *testing.T) {
	legiontest.CheckLeaks(t)
	for _, c := range []struct {
		name    string
		control string
		folder  string // in which the daemon has its socket
		own     bool   // where this user would start it
		byName  bool   // with nothing but the name
	}{
		{"default", "", "mine/sites", true, true},
		{"default elsewhere", "", "theirs/sites-" + fmt.Sprint(os.Geteuid()), false, true},
		{"unix:", "unix:", "mine/sites", true, true},
		{"unix: elsewhere", "unix:", "theirs/sites-" + fmt.Sprint(os.Geteuid()), false, true},
		{"unix: with a mode elsewhere", "unix:?mode=0600", "theirs/sites-" + fmt.Sprint(os.Geteuid()), false, true},
		{"unix: after tcp", "tcp://127.0.0.1:0?anyone=read unix:", "mine/sites", true, true},
		{"a folder of another name", "unix://DIR/mine/blue/control.sock", "mine/blue", true, true},
		{"a place of its own", "unix://DIR/apart/sites.sock", "apart", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newPlacedSite(t, c.control, c.folder)
			s.run()
			_ = s.running()
			pid := fmt.Sprintf("pid      %d as ", s.pid)
			s.try(c.name, "0 "+pid, "status")
			expect(t, c.name, "legion status sites", tell(t, "status", "sites"), map[bool]string{true: "0 " + pid, false: "3 or listens elsewhere than at"}[c.byName])
			expect(t, c.name, "legion status ADDRESS", tell(t, "status", s.socket), "0 "+pid)
			found, err := client.List()
			listed := slices.ContainsFunc(found, func(f client.Found) bool { return f.Address == "unix://"+s.socket && f.PID == s.pid })
			if err != nil || listed != c.byName {
				t.Errorf("the list has %+v, %v", found, err)
			}
			s.try(c.name, fmt.Sprintf("0 sites runs already, pid %d", s.pid), "start")
			asStranger(t, s.socket, func() {
				s.try(c.name+", another user", "4 may not connect to unix://"+s.socket, "status")
				s.try(c.name+", another user", "4 may not connect to unix://"+s.socket, "ps")
				s.try(c.name+", another user", "4 may not connect to unix://"+s.socket, "stop")
			})
			s.try(c.name, "0 sites has stopped", "stop")
			s.try(c.name, "3 sites is stopped", "status")
		})
	}
}

// Of two daemons of one name the right one is asked. An unknown name is a
// mistake.
func TestNamesOfDaemons(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newPlacedSite(t, "", "mine/sites")
	s.run()
	_ = s.running()
	mine := s.pid
	blue := &site{t: t, dir: s.dir}
	blue.placed("unix://DIR/mine/blue/control.sock", "mine/blue")
	blue.run()
	_ = blue.running()
	for _, who := range []*site{s, blue} {
		who.try("two of one name", fmt.Sprintf("0 pid      %d as ", who.pid), "status")
		expect(t, "two of one name", "legion status "+who.socket, tell(t, "status", who.socket), fmt.Sprintf("0 pid      %d as ", who.pid))
	}
	expect(t, "two of one name", "legion status sites", tell(t, "status", "sites"), fmt.Sprintf("0 pid      %d as ", mine))
	s.try("two of one name", "0 sites has stopped", "stop")
	s.try("the other one runs", "3 sites is stopped", "status")
	blue.try("the other one runs", "0 sites is running", "status")

	expect(t, "no such name", "legion stop nobody", tell(t, "stop", "nobody"), "7 the daemon nobody is not running: no process listens at ")
	expect(t, "no such name", "legion status nobody", tell(t, "status", "nobody"), "3 or listens elsewhere than at")
	expect(t, "no such name", "legion stop ADDRESS", tell(t, "stop", s.dir+"/nowhere/control.sock"), "7 no daemon listens at ")
	expect(t, "a known name", "legion stop sites", tell(t, "stop", "sites"), "0 sites has stopped") // the other one, which is the only one now
	expect(t, "a known name", "legion stop sites", tell(t, "stop", "sites"), "0 sites is not running")
	expect(t, "a known name", "legion stop ADDRESS", tell(t, "stop", blue.socket), "0 is not running")
}

// Another daemon may listen at an address.
func TestAnotherDaemonAtTheAddress(t *testing.T) {
	f := newFake(t, map[string]string{"daemon.hello": `{"name":"other","pid":1}`})
	s := newSite(t)
	s.config.Control = f.address
	s.try("another daemon", `4 the daemon "other" answers instead of sites: one of them needs another control address`, "status")
	s.try("another daemon", `1 the daemon "other" answers instead of sites`, "stop")
}

// newPlacedSite returns a site whose place only the environment gives: the
// folder mine, which is this user's, or theirs, which all users share.
func newPlacedSite(t *testing.T, control, folder string) *site {
	t.Helper()
	s := newSite(t)
	for _, dir := range []string{".", "mine", "theirs", "apart"} {
		dir = filepath.Join(s.dir, dir)
		_ = os.Mkdir(dir, 0o755)
		if err := os.Chmod(dir, 0o755); err != nil { // others may pass
			t.Fatal(err)
		}
	}
	t.Setenv("RUNTIME_DIRECTORY", "")
	t.Setenv("XDG_RUNTIME_DIR", s.dir+"/mine")
	t.Setenv("TMPDIR", s.dir+"/theirs")
	s.placed(control, folder)
	return s
}

// placed runs the daemon in a folder, with a control address in which DIR
// stands for the site's folder.
func (s *site) placed(control, folder string) {
	s.config = legion.Config{Control: strings.ReplaceAll(control, "DIR", s.dir)}
	s.folder = filepath.Join(s.dir, folder)
	s.socket = filepath.Join(s.folder, "control.sock")
	if path, ok := strings.CutPrefix(s.config.Control, "unix:///"); ok {
		s.socket = "/" + path
	}
	s.env = []string{"SITES_DIR=", "SITES_CONTROL=" + s.config.Control, "XDG_RUNTIME_DIR=" + s.dir + "/mine", "TMPDIR=" + s.dir + "/theirs"}
}

// asStranger runs fn with another user's rights on files.
func asStranger(t *testing.T, socket string, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(socket, 0); err != nil {
			t.Fatal(err)
		}
		fn()
		if err := os.Chmod(socket, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		runtime.LockOSThread() // and for ever: the thread ends with the goroutine
		if _, err := unix.SetfsuidRetUid(65534); err != nil {
			t.Error(err)
			return
		}
		fn()
	}()
	<-over
}
