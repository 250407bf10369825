package ui

import (
	"context"
	"net/http"
	"testing"
)

// A place is given back once, and what is given back leaves nothing behind.
func TestPlacesAreGivenBack(t *testing.T) {
	var p Places
	take := func(person, browser, window string) (context.Context, func()) {
		ctx, end := context.WithCancelCause(t.Context())
		h := http.Header{}
		h.Set("Legion-Browser", browser)
		h.Set("Legion-Window", window)
		return ctx, p.Take(person, WindowOf(h.Get), end)
	}
	first, leave := take("ana", "fox", "1")
	if _, again := take("ana", "fox", "1"); context.Cause(first) != errNext {
		t.Error("the window has two places")
	} else {
		leave() // of the stream that was replaced: the next one keeps its place
		defer again()
	}
	if n := len(p.given[browser{"ana", "fox"}]); n != 1 {
		t.Errorf("%d places are given, of one stream", n)
	}
	var all []func()
	before, _ := take("ana", "bear", "1")
	for range MaxStreams {
		_, leave := take("ana", "bear", "")
		all = append(all, leave)
	}
	if context.Cause(before) != errReplaced {
		t.Error("the browser has a place too many")
	}
	for range 2 * MaxStreams {
		_, leave := take("ana", "fox", "")
		all = append(all, leave)
	}
	if n := len(p.given[browser{"ana", "fox"}]); n != MaxStreams {
		t.Errorf("%d places are given, want %d", n, MaxStreams)
	}
	for _, leave := range all {
		leave()
	}
	if len(p.given) != 0 {
		t.Errorf("after the end of all streams there are places: %v", p.given)
	}
}
