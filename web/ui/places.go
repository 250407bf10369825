package ui

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// MaxStreams is how many streams a browser may have open over HTTP/1. It opens
// six connections to a server, for all its windows: each stream holds one, and
// whatever else the windows ask for would wait for ever without one.
const MaxStreams = 4

// Window is one of a browser, as its page says: both names are random, and
// known to nobody else; "" if it does not say.
type Window struct{ browser, name string }

// WindowOf returns the window that made a request, of which field returns the
// header fields.
func WindowOf(field func(name string) string) Window {
	return Window{field("Legion-Browser"), field("Legion-Window")}
}

// errReplaced is why a stream ends whose place another window has, errNext why
// one ends because its own window asked for another. See LastLine.
var (
	errReplaced = errors.New("another window took its place")
	errNext     = errors.New("the window asked for another stream")
)

// Places are those that streams have. The zero value has given none. It may be
// used from any goroutine.
type Places struct {
	mu    sync.Mutex
	given map[browser][]*place // the one that was given longest ago comes first
}

// browser is one of a person. One that does not say which it is counts as the
// same as all others that do not.
type browser struct{ person, name string }

type place struct {
	window string
	end    context.CancelCauseFunc
}

// Take gives a stream of a person's window a place, which it must give back.
// It is that of the same window, or, if all places of the browser are given,
// the one that was given longest ago: end is called for the stream there, with
// the reason.
func (p *Places) Take(person string, w Window, end context.CancelCauseFunc) (leave func()) {
	who, mine := browser{person, w.browser}, &place{w.name, end}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.given[who]
	if i := slices.IndexFunc(all, func(o *place) bool { return mine.window != "" && o.window == mine.window }); i >= 0 {
		all = empty(all, i, errNext)
	} else if len(all) >= MaxStreams {
		all = empty(all, 0, errReplaced)
	}
	if p.given == nil {
		p.given = map[browser][]*place{}
	}
	p.given[who] = append(all, mine)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		left := slices.DeleteFunc(p.given[who], func(o *place) bool { return o == mine })
		if p.given[who] = left; len(left) == 0 {
			delete(p.given, who)
		}
	}
}

// empty ends the stream at a place, which the next one may have.
func empty(all []*place, i int, why error) []*place {
	all[i].end(why)
	return slices.Delete(all, i, i+1)
}
