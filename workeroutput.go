package legion

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/proc"
)

// workerOutput takes the lines that one worker prints into the log.
type workerOutput struct {
	log     *slog.Logger
	started chan struct{} // closed when pid is known
	pid     int
	limit   outputLimit
	dump    stackDump // of the goroutine that reads stderr
}

func (d *Daemon) newWorkerOutput(pool string) *workerOutput {
	o := &workerOutput{log: d.log.With("pool", pool), started: make(chan struct{})}
	o.limit = outputLimit{logs: &d.logs, tell: o.tell, tokens: outputBurst, at: time.Now()}
	return o
}

// start says which process it is. Nothing is printed before a process starts.
func (o *workerOutput) start(pid int) {
	o.pid = pid
	close(o.started)
}

// line takes a line. It is called by one goroutine for each stream, and does not
// wait for the log.
func (o *workerOutput) line(s proc.Stream, line []byte) {
	<-o.started
	level := slog.LevelInfo
	if s == proc.Stderr && o.dump.has(line) {
		level = slog.LevelDebug // it is in the WorkerError too
	}
	if ctx := context.Background(); o.log.Enabled(ctx, level) && o.limit.take(len(line)) {
		o.log.Log(ctx, level, string(line), "pid", o.pid, "stream", s.String())
	}
}

// tell says how many lines were dropped.
func (o *workerOutput) tell(lines uint64) {
	o.log.Warn("a worker prints too much: lines were dropped", "pid", o.pid, "lines", lines)
}

const (
	// outputRate and outputBurst bound the lines of one worker: per second, and at
	// once. A longer line counts as one for each outputUnit bytes begun.
	outputRate  = 1000
	outputBurst = 5000
	outputUnit  = 1 << 10

	// outputPause is how long everything is dropped once there were too many.
	outputPause = time.Second
)

// outputLimit is a bucket of tokens. When it is empty, all lines are dropped for
// a while, so that the line that says how many is one among many.
type outputLimit struct {
	logs *logs
	tell func(lines uint64)

	telling sync.Mutex // held while tell is called, and taken before mu

	mu      sync.Mutex
	tokens  float64
	at      time.Time // when tokens were counted
	dropped uint64    // in this pause; 0 if there is none
	pause   *time.Timer
}

// take reports whether a line of so many bytes is to be logged.
func (l *outputLimit) take(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped == 0 {
		now := time.Now()
		l.tokens = min(outputBurst, l.tokens+now.Sub(l.at).Seconds()*outputRate)
		l.at = now
		if price := float64(max(1, (size+outputUnit-1)/outputUnit)); l.tokens >= price {
			l.tokens -= price
			return true
		}
		l.pause = time.AfterFunc(outputPause, l.report)
		l.logs.mute(l)
	}
	l.dropped++
	l.logs.lost.Add(1)
	return false
}

// report ends a pause. It returns when what was dropped in it has been told, by
// another goroutine perhaps.
func (l *outputLimit) report() {
	l.telling.Lock()
	defer l.telling.Unlock()
	l.mu.Lock()
	n := l.dropped
	l.dropped = 0
	if l.pause != nil {
		l.pause.Stop()
	}
	l.mu.Unlock()
	if n > 0 {
		l.tell(n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped == 0 { // else the next pause has begun
		l.logs.unmute(l)
	}
}

// mute notes that m has to report something.
func (l *logs) mute(m *outputLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.muted == nil {
		l.muted = map[*outputLimit]struct{}{}
	}
	l.muted[m] = struct{}{}
}

func (l *logs) unmute(m *outputLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.muted, m)
}

// stackDump tells the lines of Go's crash reports from others: blocks that begin
// with "goroutine 7 [running]:" or "runtime stack:" and end with an empty line,
// and the registers after them. The line that says what happened is none of
// them.
type stackDump struct{ inside, was bool }

func (d *stackDump) has(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("goroutine ")) && bytes.HasSuffix(line, []byte("]:")), bytes.Equal(line, []byte("runtime stack:")):
		d.inside, d.was = true, true
	case bytes.HasPrefix(line, []byte("PC=0x")):
		d.was = true
		return true
	case len(line) == 0:
		d.inside = false
		return true // says nothing
	}
	return d.inside || d.was && isRegister(line)
}

// isRegister recognises a line like "rax    0x5".
func isRegister(line []byte) bool {
	f := bytes.Fields(line)
	return len(f) == 2 && len(f[0]) <= 6 && bytes.HasPrefix(f[1], []byte("0x"))
}
