package loop_test

import (
	"testing"

	"github.com/legion-go/legion/internal/loop"
)

func TestOnLoop(t *testing.T) {
	l := loop.New(loop.Config{})
	if l.OnLoop() {
		t.Error("before Run")
	}
	inside, beside := make(chan bool, 1), make(chan bool, 1)
	l.Post(func() {
		inside <- l.OnLoop()
		go func() { beside <- l.OnLoop() }()
		<-beside // waits for the goroutine of the next line
		go func() { beside <- l.OnLoop(); l.Stop() }()
	})
	if err := l.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !<-inside || <-beside {
		t.Error("the loop does not know its goroutine")
	}
	if l.OnLoop() {
		t.Error("after Run")
	}
}
