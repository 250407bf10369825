package front

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/web/ui"
)

// The items of a stream are lines; an empty one says every ten seconds that it
// lives; the last one says how it ended.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		secret := begin(t, l.front, l.token()).Secret
		f.heard()
		stream := open(t, l.front, secret)
		begun := time.Now()
		next := func(want string, after time.Duration) {
			t.Helper()
			if line := <-stream.lines; line != want || time.Since(begun) != after {
				t.Errorf("after %v it says %q, want %q after %v", time.Since(begun), line, want, after)
			}
			begun = time.Now()
		}
		f.items <- `{"topic":"daemon","n":18446744073709551615}`
		next(`{"topic":"daemon","n":18446744073709551615}`, 0)
		next("", heartbeat)
		next("", heartbeat)
		time.Sleep(heartbeat - 1)
		f.items <- `{"topic":"pools"}`
		next(`{"topic":"pools"}`, heartbeat-1)
		next("", heartbeat)
		close(f.items)
		next(`{"end":true,"error":null}`, 0)
		<-stream.over
		if stream.code != 200 {
			t.Errorf("its status is %d", stream.code)
		}
		if called, lowered := f.heard(); fmt.Sprint(called) != `[watch {"topics":["daemon"]}]` || len(lowered) != 1 {
			t.Errorf("the daemon heard %q, and %d connections more", called, len(lowered))
		}
	})
}

// A stream ends after ten minutes, for the page to open the next one: so the
// page shows no longer what a person may not see any more.
func TestStreamLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		stream := open(t, l.front, begin(t, l.front, l.token()).Secret)
		begun, last := time.Now(), ""
		for line := range stream.lines {
			last = line
		}
		if took := time.Since(begun); last != `{"end":true,"error":null}` || took != streamLife {
			t.Errorf("after %v it ends with %q", took, last)
		}
	})
}

// A tab that is closed leaves nothing behind; as many as may be open at once
// all get everything.
func TestStreamsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		secret := begin(t, l.front, l.token()).Secret
		var streams []*reader
		for range ui.MaxStreams {
			streams = append(streams, open(t, l.front, secret))
		}
		synctest.Wait()
		for range streams {
			f.items <- `{"topic":"daemon"}` // any of them takes it: the others take theirs once it waits for its reader
			synctest.Wait()
		}
		expect(t, "a call beside them", call(l.front, secret, "x", "{}"), 200, "Method not found")
		got := 0
		for _, s := range streams {
			s.gone()
			<-s.over
			for line := range s.lines {
				if line == `{"topic":"daemon"}` {
					got++
				}
			}
		}
		if got != len(streams) {
			t.Errorf("%d items came, of %d", got, len(streams))
		}
		synctest.Wait()
		if _, lowered := f.heard(); len(lowered) != ui.MaxStreams+1 {
			t.Errorf("%d connections, want that of the session and one of each stream", len(lowered))
		}
		l.front.sessions.mu.Lock()
		defer l.front.sessions.mu.Unlock()
		if s := l.front.sessions.all[hashOf(secret)]; s.busy != 0 {
			t.Errorf("the session counts %d requests after their end", s.busy)
		}
	})
}

// A reader that takes nothing for ten seconds loses its stream, and so does not
// keep the daemon's items for ever.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		secret := begin(t, l.front, l.token()).Secret
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: l.front}
		served := make(chan error)
		go func() { served <- server.Serve(listener) }()
		page, conn := net.Pipe()
		listener.conns <- conn
		fmt.Fprintf(page, "POST /watch HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", at, secret)
		in := bufio.NewReader(page)
		for line := ""; !strings.HasPrefix(line, "\r\n"); {
			var err error
			if line, err = in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		f.items <- `{"topic":"daemon"}`
		begun := time.Now()
		_ = page // and reads no more
		for n := 1; n > 0; {
			time.Sleep(time.Second)
			synctest.Wait()
			l.front.sessions.mu.Lock()
			n = l.front.sessions.all[hashOf(secret)].busy
			l.front.sessions.mu.Unlock()
			if time.Since(begun) > time.Hour {
				t.Fatal("the stream does not end")
			}
		}
		if took := time.Since(begun); took > writeWithin+time.Second {
			t.Errorf("it took %v", took)
		}
		page.Close()
		server.Close()
		<-served
	})
}

// pipes is a listener that works in virtual time.
type pipes struct {
	conns chan net.Conn
	over  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.over); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A body that does not come is not waited for longer than ten seconds.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := local(t, newFake(t), legion.RoleRead)
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: l.front}
		served := make(chan error)
		go func() { served <- server.Serve(listener) }()
		page, conn := net.Pipe()
		listener.conns <- conn
		fmt.Fprintf(page, "POST /session HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{", at)
		begun := time.Now()
		answer, err := io.ReadAll(page)
		if took := time.Since(begun); took > readWithin+time.Second || err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Errorf("after %v: %q, %v", took, answer, err)
		}
		page.Close()
		server.Close()
		<-served
	})
}

// A panic while answering ends that request alone.
func TestPanic(t *testing.T) {
	l := local(t, newFake(t), legion.RoleRead)
	var log strings.Builder
	l.front.log = slog.New(slog.NewTextHandler(&log, nil))
	admitted := l.front.admit
	l.front.admit = func(r *http.Request, token string) (grant, func(), error) {
		if token == "panic" {
			panic("thumbs")
		}
		return admitted(r, token)
	}
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler {
				t.Errorf("a panic ends with %v", v)
			}
		}()
		ask(l.front, request("POST", "/session", "", `{"token":"panic"}`))
	}()
	begin(t, l.front, l.token())
	if n := strings.Count(log.String(), "panic=thumbs"); n != 1 {
		t.Errorf("of one panic the log says %s", log.String())
	}
}
