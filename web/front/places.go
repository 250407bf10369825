package front

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// maxStreams is how many streams a person may have open over HTTP/1. A browser
// opens six connections to a server, for all its windows: each stream holds
// one, and whatever else the windows ask for would wait for ever without one.
const maxStreams = 4

// windowField is the header field in which a page says which window it is: its
// next stream takes the place of its last one.
const windowField = "Legion-Window"

// errReplaced is why a stream ends whose place another window has.
var errReplaced = errors.New("another window took its place")

// places are those that streams have. The zero value has given none.
type places struct {
	mu    sync.Mutex
	given map[string][]*place // by person; the one that was given longest ago comes first
}

type place struct {
	window string // "": it did not say
	end    context.CancelCauseFunc
}

// take gives a stream of a person a place, which it must give back. If all are
// given, it is the one of the same window, else the one that was given longest
// ago: end is called with errReplaced for the stream there.
func (p *places) take(person, window string, end context.CancelCauseFunc) (leave func()) {
	mine := &place{window, end}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.given[person]
	if i := slices.IndexFunc(all, func(o *place) bool { return window != "" && o.window == window }); i >= 0 {
		all = p.empty(all, i)
	} else if len(all) >= maxStreams {
		all = p.empty(all, 0)
	}
	if p.given == nil {
		p.given = map[string][]*place{}
	}
	p.given[person] = append(all, mine)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		left := slices.DeleteFunc(p.given[person], func(o *place) bool { return o == mine })
		if p.given[person] = left; len(left) == 0 {
			delete(p.given, person)
		}
	}
}

// empty ends the stream at a place, which the next one may have.
func (p *places) empty(all []*place, i int) []*place {
	all[i].end(errReplaced)
	return slices.Delete(all, i, i+1)
}
