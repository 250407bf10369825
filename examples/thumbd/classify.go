package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/legion-go/legion"

	"github.com/legion-go/legion/examples/thumbd/internal/picture"
)

// classify says what the error of a call means for its file: the outcome, and
// why in one line.
func (o *options) classify(err error) (outcome, string) {
	var place, call string
	if death := (*legion.WorkerError)(nil); errors.As(err, &death) {
		if death.Forbidden != nil {
			call = death.Forbidden.Call
		}
		if place = culprit(death.Stack); place != "" {
			place = ", in " + place
		}
	}
	switch {
	case errors.Is(err, legion.ErrOutOfMemory):
		return outOfMemory, fmt.Sprintf("wanted more than %d MiB%s", o.memory, place)
	case errors.Is(err, legion.ErrTimeout):
		return timedOut, fmt.Sprintf("still at work after %v%s", o.timeout, place)
	case errors.Is(err, legion.ErrPanicked):
		what, _, _ := strings.Cut(detail(err, legion.ErrPanicked), ", in ") // the place in package image says less
		return panicked, what + place
	case errors.Is(err, legion.ErrForbidden): // matches ErrCrashed, too
		return forbidden, "called " + call + place
	case errors.Is(err, legion.ErrCrashed):
		return crashed, detail(err, legion.ErrCrashed) + place
	case errors.Is(err, picture.ErrCorrupt):
		return corrupt, detail(err, picture.ErrCorrupt)
	case errors.Is(err, picture.ErrNotPicture):
		return notPicture, detail(err, picture.ErrNotPicture)
	case errors.As(err, new(*legion.RemoteError)): // other errors of makeThumb
		return unreadable, detail(err, errUnreadable)
	}
	return leftOver, err.Error() // no worker has seen the file: stopped, queue full, pool failed
}

// detail is the text of err after that of the sentinel it matches.
func detail(err, sentinel error) string {
	if _, more, ok := strings.Cut(err.Error(), sentinel.Error()+": "); ok {
		return more
	}
	return err.Error()
}
