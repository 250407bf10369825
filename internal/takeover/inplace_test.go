package takeover

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() {
	parts["in place"] = playInPlace
	parts["told"] = func() {
		Inherited().Tell("version 2")
		check(Inherited().Ready())
		stay()
	}
	parts["says nothing"] = func() {
		check(Inherited().Ready())
		stay()
	}
}

// playInPlace holds a lock and a listener, closes them, and executes itself.
// Descriptor 3 is the report.
func playInPlace() {
	if h := Inherited(); h != nil {
		r, lock := h.File("report"), h.File("lock")
		f := h.File("listener \"1\"\n")
		l, err := net.FileListener(f)
		check(err)
		fmt.Fprintln(os.Stderr, "on its way")
		check(h.Ready())
		fmt.Fprintln(os.Stderr, "there")
		<-h.Settled()
		<-h.gone
		say(r, "pid", fmt.Sprint(os.Getpid(), " ", h.Predecessor, " ", h.Kind, " ", string(h.Data)))
		c, err := l.Accept() // the connection that came while no process accepted
		check(err)
		b, err := io.ReadAll(c)
		check(err)
		say(r, "heard", string(b))
		other, err := os.Open(os.Getenv("TAKEOVER_TEST_LOCK"))
		check(err)
		say(r, "lock", syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
		check(lock.Close())
		say(r, "then", syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
		say(r, "marker", os.Getenv(inPlaceName))
		return
	}
	r := helperReport()
	say(r.w, "pid", os.Getpid())
	lock, err := os.Open(os.Getenv("TAKEOVER_TEST_LOCK"))
	check(err)
	check(syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	f, err := l.(*net.TCPListener).File()
	check(err)
	h, err := Hold(map[string]*os.File{"listener \"1\"\n": f, "lock": lock, "report": r.w, "unknown": lock})
	check(err)
	f.Close()
	l.Close()
	lock.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	check(err)
	_, err = c.Write([]byte("hello"))
	check(err)
	c.Close()
	errs, err := os.OpenFile(os.Getenv("TAKEOVER_TEST_STDERR"), os.O_WRONLY|os.O_APPEND, 0)
	check(err)
	err = h.Exec("/nonexistent/program", nil, os.Environ(), nil, errs)
	say(r.w, "missing", err)
	check(h.Exec(executable(), []string{"again"}, os.Environ(), []byte("data\n\x00"), errs))
}

// A program executed in the same process has the held files, even if their
// owner has closed them, and the given standard error until it is ready.
func TestExecInPlace(t *testing.T) {
	dir := t.TempDir()
	lock, errs := filepath.Join(dir, "lock"), filepath.Join(dir, "stderr")
	for _, path := range []string{lock, errs} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newReport(t)
	c := helper("in place", r, "TAKEOVER_TEST_LOCK="+lock, "TAKEOVER_TEST_STDERR="+errs)
	var own strings.Builder
	c.Stderr = &own
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r.w.Close()
	pid := r.value("pid")
	contains(t, r.value("missing"), "/nonexistent/program", "install it, or correct the path")
	for name, want := range map[string]string{"pid": fmt.Sprint(pid, " ", pid, " in place data")} {
		if got := r.value(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	for _, want := range [][2]string{{"heard", "hello"}, {"lock", syscall.EWOULDBLOCK.Error()}, {"then", "<nil>"}, {"marker", ""}} {
		if got := r.value(want[0]); got != want[1] {
			t.Errorf("%s: %q, not %q", want[0], got, want[1])
		}
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(errs)
	if err != nil || string(b) != "on its way\n" || own.String() != "there\n" {
		t.Errorf("the file of stderr has %q (%v), stderr itself %q", b, err, own.String())
	}
}

// A variable that is not this process's own handover in place is refused.
func TestInPlaceIsChecked(t *testing.T) {
	me := os.Getpid()
	for text, want := range map[string]string{
		"": "unset it", "1": "unset it", fmt.Sprintf("1 %d\n\"\"", me): "unset it",
		fmt.Sprintf("2 %d\n\"\"\n-1", me):             "too far apart",
		fmt.Sprintf("1 %d\n\"\"\n-1", me+1):           "it is meant for process",
		fmt.Sprintf("1 %d\nx\n-1", me):                "invalid syntax",
		fmt.Sprintf("1 %d\n\"\"\nx", me):              "invalid syntax",
		fmt.Sprintf("1 %d\n\"\"\n-1\n2 \"a\"", me):    "descriptor 2",
		fmt.Sprintf("1 %d\n\"\"\n-1\n99999999 a", me): "invalid syntax",
		fmt.Sprintf("1 %d\n\"\"\n-1\n9999 \"a\"", me): "should have been inherited",
	} {
		if h, err := inheritInPlace(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, h, err, want)
		}
	}
}

// A trial tells whether a program would start, and returns its text of Tell; it
// leaves no process behind.
func TestTry(t *testing.T) {
	leaks(t)
	for part, want := range map[string]string{"told": "version 2", "says nothing": ""} {
		r := newReport(t)
		told, err := Try(t.Context(), spec(part, r))
		if told != want || err != nil {
			t.Errorf("%s: %q, %v", part, told, err)
		}
		r.end()
		r.r.Close()
	}
	for part, want := range map[string]string{"exit": "exit status 3 before it was ready", "panic": "panic: no way to start", "fail": "name one"} {
		r := newReport(t)
		s := spec(part, r)
		s.Stderr = nil
		if told, err := Try(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", part, told, err)
		}
		r.end()
		r.r.Close()
	}
}

// A successor tells before it is ready.
func TestTold(t *testing.T) {
	if p := begin(t, spec("told", newReport(t))); p.Told() != "version 2" {
		t.Errorf("it told %q", p.Told())
	}
}
