package loop

import (
	"bytes"
	"runtime"
	"strconv"
)

// OnLoop reports whether the calling goroutine is the one that runs the loop: who waits there for something that the
// loop has to do would wait for ever. It takes about a microsecond, and is for rare operations only.
func (l *Loop) OnLoop() bool {
	id := l.goroutine.Load()
	return id != 0 && id == goroutineID()
}

// goroutineID reads the number of the calling goroutine where the runtime prints it: "goroutine 7 [running]:".
func goroutineID() uint64 {
	var buf [64]byte
	line := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	if n := bytes.IndexByte(line, ' '); n > 0 {
		id, _ := strconv.ParseUint(string(line[:n]), 10, 64)
		return id
	}
	return 0
}

// Goroutine returns the number by which Go's stacks call the goroutine that runs the loop; 0 if none does.
func (l *Loop) Goroutine() uint64 { return l.goroutine.Load() }
