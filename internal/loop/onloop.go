package loop

import (
	"bytes"
	"runtime"
	"strconv"
)

// OnLoop reports whether the calling goroutine is the one that runs the loop:
// waiting there for work of the loop would never end. While the loop runs a
// function it takes some microseconds, more on a deep stack: use it only for
// rare operations.
func (l *Loop) OnLoop() bool {
	return l.since.Load() != idle && l.goroutine.Load() == goroutineID()
}

// goroutineID returns the number of the calling goroutine, as the runtime
// prints it: "goroutine 7 [running]:".
func goroutineID() uint64 {
	var buf [64]byte
	line := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	if n := bytes.IndexByte(line, ' '); n > 0 {
		id, _ := strconv.ParseUint(string(line[:n]), 10, 64)
		return id
	}
	return 0
}
