package front

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion"
)

// A session says what it is, and its connection is lowered to its role.
func TestSession(t *testing.T) {
	f := newFake(t)
	l := local(t, f, legion.RoleOperate)
	before := time.Now()
	o := begin(t, l.front, l.token())
	if o.Role != "operate" || o.As != "dashboard" || o.Daemon != "thumbs" || o.Version != "v1" || o.Commands != "thumbs" || o.Field != "" || o.Renew ||
		o.Expires.Before(before.Add(SessionLife)) || o.Expires.After(time.Now().Add(SessionLife)) {
		t.Errorf("the session is %+v", o)
	}
	expect(t, "a call", call(l.front, o.Secret, "x", "{}"), 200, "Method not found")
	if called, lowered := f.heard(); fmt.Sprint(called) != "[x {}]" || fmt.Sprint(lowered) != `[{"as":"dashboard","role":"operate"}]` {
		t.Errorf("the daemon heard %q on connections lowered to %q", called, lowered)
	}
	if local(t, f, 0).front.admit == nil {
		t.Error("no front without a role")
	}
}

// Who has no secret, or that of a session which has ended, gets nothing.
func TestSessionOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		refused := func(what, secret string) {
			t.Helper()
			for _, r := range []*http.Request{
				request("POST", "/rpc", secret, `{"jsonrpc":"2.0","id":1,"method":"daemon.status"}`),
				request("POST", "/watch", secret, `{}`), request("DELETE", "/session", secret, ""),
			} {
				expect(t, what+": "+r.Method+" "+r.URL.Path, ask(l.front, r), 401, "over")
			}
		}
		refused("no secret", "")
		refused("a wrong secret", strings.Repeat("A", 43))
		refused("a token as secret", l.token())

		ended := begin(t, l.front, l.token()).Secret
		stream := open(t, l.front, ended)
		expect(t, "DELETE", ask(l.front, request("DELETE", "/session", ended, "")), 204, "")
		if last := <-stream.lines; !strings.HasPrefix(last, `{"end":true,"error":"`) {
			t.Errorf("its stream ends with %q", last)
		}
		refused("an ended session", ended)

		old := begin(t, l.front, l.token()).Secret
		time.Sleep(SessionLife - time.Nanosecond)
		synctest.Wait()
		expect(t, "before 8 h", call(l.front, old, "x", "{}"), 200, "Method not found")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		refused("after 8 h", old)

		last := begin(t, l.front, l.token()).Secret
		l.front.sessions.close()
		refused("a front that has ended", last)
		expect(t, "a session of it", ask(l.front, request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, l.token()))), 429, "")
		f.heard()
		if f.mu.Lock(); len(f.conns) > 0 {
			f.mu.Unlock()
			f.tasks.Wait() // for connections that are left, which would be a deadlock
			f.mu.Lock()
		}
		f.mu.Unlock()
	})
}

// There are 16 sessions at most. A new one takes the place of the one that was
// not used for longest, and is not in use.
func TestSessionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		l := local(t, f, legion.RoleRead)
		var secrets []string
		for range maxSessions {
			secrets = append(secrets, begin(t, l.front, l.token()).Secret)
			time.Sleep(time.Second)
		}
		stream := open(t, l.front, secrets[0]) // the oldest, in use
		begin(t, l.front, l.token())
		expect(t, "the one unused for longest", call(l.front, secrets[1], "x", "{}"), 401, "over")
		for i, secret := range secrets {
			if i != 1 {
				expect(t, fmt.Sprint("session ", i), call(l.front, secret, "x", "{}"), 200, "")
			}
		}
		stream.gone()
		<-stream.over

		l = local(t, f, legion.RoleRead)
		for range maxSessions {
			openMany(t, l.front, begin(t, l.front, l.token()).Secret)
		}
		expect(t, "a session beside 16 that are in use", ask(l.front, request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, l.token()))), 429, "close one")
	})
}

// A session has 32 requests at once, at most.
func TestRequestsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := local(t, newFake(t), legion.RoleRead)
		secret := begin(t, l.front, l.token()).Secret
		for range maxRequests {
			openMany(t, l.front, secret)
		}
		expect(t, "one more", call(l.front, secret, "x", "{}"), 429, "too many")
	})
}

// A request that is under way when its session ends makes no other connection.
func TestEndedLink(t *testing.T) {
	f := newFake(t)
	l := local(t, f, legion.RoleRead)
	way := l.front.link(grant{legion.RoleRead, "ana"})
	way.close()
	if _, err := way.connect(t.Context()); err != errOver {
		t.Errorf("after its end it connects: %v", err)
	}
}
