package legion

import (
	"bytes"
	"context"
	"log/slog"
	"sync"

	"github.com/legion-go/legion/internal/proc"
)

// Lines of a crash report are told from others by these in the log, too.
const (
	dumpLevel  = slog.LevelDebug
	streamAttr = "stream"
)

// workerOutput takes the lines that one worker prints into the log.
type workerOutput struct {
	log     *slog.Logger
	started chan struct{} // closed when pid is known
	pid     int
	limit   *recordLimit
	dump    stackDump // of the goroutine that reads stderr
}

func (d *Daemon) newWorkerOutput(pool string) *workerOutput {
	o := &workerOutput{log: d.log.With("pool", pool), started: make(chan struct{})}
	o.limit = newRecordLimit(&d.logs, outputRate, outputBurst, o.tell)
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
		level = dumpLevel // it is in the WorkerError too
	}
	if ctx := context.Background(); o.log.Enabled(ctx, level) && o.limit.take(price(len(line))) {
		o.log.Log(ctx, level, string(line), "pid", o.pid, streamAttr, s.String())
	}
}

// tell says how many lines were dropped.
func (o *workerOutput) tell(lines uint64) {
	o.log.Warn("a worker prints too much: lines were dropped", "pid", o.pid, "lines", lines)
}

const (
	// outputRate and outputBurst bound the lines of one worker, and its log records
	// beside them: per second, and at once. A longer line counts as one for each
	// outputUnit bytes begun.
	outputRate  = 1000
	outputBurst = 5000
	outputUnit  = 1 << 10
)

// price is what a line or record of so many bytes counts as.
func price(size int) int { return max(1, (size+outputUnit-1)/outputUnit) }

// workerRecords bounds the log records of the workers of a pool, which come over
// their links.
type workerRecords struct {
	d      *Daemon
	log    *slog.Logger
	limits sync.Map // pid → *recordLimit
}

// take reports whether a record of so many bytes is to be logged.
func (w *workerRecords) take(pid, size int) bool {
	l, ok := w.limits.Load(pid)
	if !ok {
		l, _ = w.limits.LoadOrStore(pid, newRecordLimit(&w.d.logs, outputRate, outputBurst, func(records uint64) {
			w.log.Warn("a worker logs too much: records were dropped", "pid", pid, "records", records)
		}))
	}
	return l.(*recordLimit).take(price(size))
}

// end reports what is not reported yet of a worker that has ended.
func (w *workerRecords) end(pid int) {
	if l, ok := w.limits.LoadAndDelete(pid); ok {
		l.(*recordLimit).report()
	}
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
