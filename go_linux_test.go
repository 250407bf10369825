package legion_test

import (
	"bytes"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Go returns at once although its argument does not fit into the link, and the
// worker takes nothing in: the loop, where Go is called most, must not stand
// still.
func TestGoDoesNotWaitForTheWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	pool, err := k.d.Pool("main")
	if err != nil {
		t.Fatal(err)
	}
	pid := pool.Stats().Workers[0].PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	in := bytes.Repeat([]byte("x"), 8<<20)
	returned := make(chan *legion.Future[[]byte], 1)
	go func() { returned <- k.echo.Go(t.Context(), in) }()
	var fut *legion.Future[[]byte]
	select {
	case fut = <-returned:
	case <-time.After(5 * time.Second): // less than the heartbeat, which would end the worker and the wait
		t.Error("Go waits for a worker that is stopped")
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Error(err)
	}
	if fut == nil {
		fut = <-returned
	}
	if out, err := fut.Result(); err != nil || !bytes.Equal(in, out) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}
