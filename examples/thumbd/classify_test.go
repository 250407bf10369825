package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/legion-go/legion"

	"github.com/legion-go/legion/examples/thumbd/internal/picture"
	"github.com/legion-go/legion/sandbox"
)

func TestClassify(t *testing.T) {
	o := &options{memory: 256, timeout: 2 * time.Second}
	dead := &legion.WorkerError{PID: 7, Stack: "image/png.(*decoder).readImagePass(0x1)\n\t/usr/local/go/src/image/png/reader.go:466\n"}
	caught := *dead
	caught.Forbidden = &sandbox.Forbidden{Call: "socket"}
	for _, c := range []struct {
		err  error
		want outcome
		why  string
	}{
		{fmt.Errorf("%w %w", legion.ErrOutOfMemory, dead), outOfMemory, "wanted more than 256 MiB, in png.(*decoder).readImagePass"},
		{fmt.Errorf("%w %w", legion.ErrTimeout, dead), timedOut, "still at work after 2s, in png.(*decoder).readImagePass"},
		{legion.ErrTimeout, timedOut, "still at work after 2s"},
		{fmt.Errorf("legion: thumb: %w: makeslice: len out of range, in image.NewNRGBA (image.go:475)", legion.ErrPanicked), panicked, "makeslice: len out of range"},
		{fmt.Errorf("%w %w %w", legion.ErrForbidden, legion.ErrCrashed, &caught), forbidden, "called socket, in png.(*decoder).readImagePass"},
		{fmt.Errorf("legion: thumb: %w: signal: segmentation fault", legion.ErrCrashed), crashed, "signal: segmentation fault"},
		{fmt.Errorf("%w: the png file ends", picture.ErrCorrupt), corrupt, "the png file ends"},
		{picture.ErrNotPicture, notPicture, "not a picture"},
		{&legion.RemoteError{Message: "unreadable: open a.png: permission denied"}, unreadable, "open a.png: permission denied"},
		{&legion.RemoteError{Message: "no idea"}, unreadable, "no idea"},
		{legion.ErrStopped, leftOver, legion.ErrStopped.Error()},
		{errors.New("queue full"), leftOver, "queue full"},
	} {
		if got, why := o.classify(c.err); got != c.want || why != c.why {
			t.Errorf("%v: %s (%s), want %s (%s)", c.err, got, why, c.want, c.why)
		}
	}
}
