package control

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// place is a runtime folder that is made when it is needed.
func place(t *testing.T) (p Place, dir string) {
	dir = filepath.Join(folder(t), "run")
	return Place{
		Path: func() (string, error) { return dir, nil },
		Make: func() (string, error) { return dir, os.MkdirAll(dir, 0o700) },
		Log:  slog.New(slog.DiscardHandler),
	}, dir
}

// A socket is opened, then served, and closed; its folder is made for it, and
// lets those pass whom it lets in.
func TestSocket(t *testing.T) {
	checkLeaks(t)
	p, dir := place(t)
	server, err := New(Options{Registry: newMethods().Registry})
	must(t, err)
	all, err := ParseAddresses(filepath.Join(dir, SocketName) + "?mode=0666 tcp://127.0.0.1:0?anyone=read")
	must(t, err)
	var s Socket
	s.Serve() // there is nothing to serve
	must(t, s.Open(t.Context(), server, all, p))
	if n := len(s.Listeners()); n != 2 {
		t.Fatalf("%d listeners", n)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o011 != 0o011 {
		t.Errorf("others do not pass: %v, %v", info.Mode(), err)
	}
	s.Serve()
	for _, l := range s.Listeners() {
		c := new(fixture).dialAt(t, l.Addr())
		if got := c.call("echo", []any{1}).result(); got != "1" {
			t.Errorf("%s: %s", l.Addr(), got)
		}
		c.Close()
	}
	must(t, os.Chmod(s.Addresses()[0].Addr, 0o600))
	s.Renew(p.Log)
	if info, err := os.Stat(s.Addresses()[0].Addr); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("its mode is not renewed: %v, %v", info.Mode(), err)
	}
	s.Close()
	s.Shutdown(context.Background(), false)
	if _, err := os.Lstat(all[0].Addr); err == nil {
		t.Error("the file is there still")
	}
}

// A stop may come while the socket is opened; and one that cannot be opened is
// none.
func TestSocketThatIsNotOpened(t *testing.T) {
	checkLeaks(t)
	p, dir := place(t)
	server, err := New(Options{Registry: newMethods().Registry})
	must(t, err)
	var closed Socket
	closed.Close()
	path := filepath.Join(dir, SocketName)
	must(t, closed.Open(t.Context(), server, []Address{{Network: "unix", Addr: path}}, p))
	closed.Serve()
	if _, err := os.Lstat(path); err == nil {
		t.Error("it is open after its end")
	}
	var none Socket
	if none.Open(t.Context(), server, []Address{{Network: "unix", Addr: path}, {Network: "unix", Addr: filepath.Join(dir, "no", "c")}}, p) == nil {
		t.Error("it has opened a socket in no folder")
	}
	none.GiveUp()
	if all := none.Addresses(); len(all) != 0 {
		t.Errorf("it listens at %v", all)
	}
	none.Shutdown(context.Background(), false)
}

// Where another process follows, a request that is on its way is answered
// before idle connections are closed.
func TestShutdownAwaitsRequestsOnTheirWay(t *testing.T) {
	before := lull
	t.Cleanup(func() { lull = before })
	lull = time.Hour
	f := serve(t, "", Options{})
	s := &Socket{server: f.Server}
	c := f.dial(t)
	c.call("echo", []any{1})
	ctx, hurry := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.Shutdown(ctx, true)
	}()
	c.call("echo", []any{2}) // on a connection that was idle
	d := f.dial(t)           // and on one that has not said anything
	d.call("echo", []any{3})
	select {
	case <-over:
		t.Error("it has not waited")
	default:
	}
	hurry()
	<-over
}

// A client has its answer before the server knows that it was sent: its next
// request is awaited as well.
func TestLingerAwaitsWhoeverIsBeingAnswered(t *testing.T) {
	f := serve(t, "", Options{})
	f.dial(t).send(`{"jsonrpc":"2.0","id":1,"method":"block","params":["call"]}` + "\n")
	within(t, f.entered)
	begun := time.Now()
	f.Linger(t.Context())
	if took := time.Since(begun); took < lull {
		t.Errorf("it has waited for %v, less than %v", took, lull)
	}
	close(f.release)
	within(t, f.ended)
}
