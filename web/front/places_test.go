package front

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion"
)

// pages opens streams of a front and says which of them have ended, and how.
type pages struct {
	t      *testing.T
	h      http.Handler
	opened []*reader
	names  []string
}

func (p *pages) open(name, secret string, change func(*http.Request)) {
	p.t.Helper()
	r := request("POST", "/watch", secret, `{"topics":["daemon"]}`)
	if change != nil {
		change(r)
	}
	p.opened, p.names = append(p.opened, openAs(p.t, p.h, r)), append(p.names, name)
	synctest.Wait()
}

// ended returns the names of the streams that have ended since it was called
// last: those whose place another window has, and, with a "+", those that a
// page opens again unless it wanted another stream. All must say which.
func (p *pages) ended() (names string) {
	p.t.Helper()
	for i, s := range p.opened {
		select {
		case <-s.over:
		default:
			continue
		}
		if p.names[i] == "" {
			continue
		}
		names += p.names[i]
		p.names[i] = ""
		switch last := <-s.lines; last {
		case `{"end":true,"error":null,"replaced":true}`:
		case `{"end":true,"error":null}`:
			names += "+"
		default:
			p.t.Errorf("it ends with %q", last)
		}
	}
	return names
}

func (p *pages) expect(want string) {
	p.t.Helper()
	if got := p.ended(); got != want {
		p.t.Errorf("the streams %q have ended, want %q", got, want)
	}
}

// A browser opens six connections: a fifth stream ends the one that was opened
// longest ago, and says so, and whatever the pages ask for meanwhile is
// answered.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := local(t, newFake(t), legion.RoleRead)
		p := &pages{t: t, h: l.front}
		window := func(name string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("Legion-Window", name) }
		}
		secrets := map[string]string{}
		for _, name := range []string{"a", "b", "c", "d"} {
			secrets[name] = begin(t, l.front, l.token()).Secret
			p.open(name, secrets[name], window(name))
		}
		p.expect("")
		p.open("A", secrets["a"], window("a")) // another screen; or what the page had given up before it asked for a
		p.expect("a+")
		p.open("e", secrets["a"], window("e")) // b was opened longest ago
		p.expect("b")
		p.open("f", secrets["a"], nil)
		p.open("g", secrets["a"], nil) // windows that do not say which they are have a place each
		p.expect("cd")
		for i := range 6 { // over HTTP/2 there are streams enough
			p.open(string(rune('1'+i)), secrets["b"], func(r *http.Request) { r.ProtoMajor = 2 })
		}
		p.expect("")
		for _, name := range "vwxyz" { // another browser opens connections of its own
			p.open(string(name), secrets["d"], func(r *http.Request) { r.Header.Set("Legion-Browser", "another") })
		}
		p.expect("v")
		expect(t, "a call of one that has lost its place", call(l.front, secrets["c"], "x", "{}"), 200, "Method not found")
	})
}

// In a server of the program each person has places of their own.
func TestPlacesOfPersons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		h := Handler(f, Options{Client: f.options(), Authorize: func(r *http.Request) (legion.Role, string, error) {
			return legion.RoleRead, r.Header.Get("Person"), nil
		}})
		t.Cleanup(h.(*front).sessions.close)
		p := &pages{t: t, h: h}
		as := func(person string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("Person", person) }
		}
		secret := func(person string) string {
			r := request("POST", "/session", "", `{"token":""}`)
			as(person)(r)
			return begun(t, ask(h, r)).Secret
		}
		ana, eve := secret("ana"), secret("eve")
		for _, name := range []string{"a", "b", "c", "d"} {
			p.open(name, ana, as("ana"))
		}
		p.open("e", eve, as("eve"))
		p.expect("")
		p.open("f", ana, as("ana"))
		p.expect("a")
		nameless := [2]string{secret(""), secret("")} // a login that tells no names
		for i, name := range "ghijkl" {
			p.open(string(name), nameless[i/3], as(""))
		}
		p.expect("")
	})
}
