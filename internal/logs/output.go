package logs

import (
	"context"
	"log/slog"
	"sync"

	"github.com/legion-go/legion/internal/proc"
)

// Output logs the lines that one worker prints.
type Output struct {
	log     *slog.Logger
	started chan struct{} // closed when pid is known
	pid     int
	limit   *Limit
	dump    stackDump // of the goroutine that reads stderr
}

// Output makes the Output of a worker of a pool.
func (l *Log) Output(pool string) *Output {
	o := &Output{log: l.With("pool", pool), started: make(chan struct{})}
	o.limit = l.NewLimit(outputRate, outputBurst, o.tell)
	return o
}

// Start sets the pid of the worker, once.
func (o *Output) Start(pid int) {
	o.pid = pid
	close(o.started)
}

// Line logs a line, and waits for Start. One goroutine for each stream calls
// it; it does not wait for the log.
func (o *Output) Line(s proc.Stream, line []byte) {
	<-o.started
	level := slog.LevelInfo
	if s == proc.Stderr && o.dump.has(line) {
		level = dumpLevel // the WorkerError has it too
	}
	if ctx := context.Background(); o.log.Enabled(ctx, level) && o.limit.Take(price(len(line))) {
		o.log.Log(ctx, level, string(line), "pid", o.pid, streamAttr, s.String())
	}
}

// tell logs how many lines were dropped.
func (o *Output) tell(lines uint64) {
	o.log.Warn("a worker prints too much: lines were dropped", "pid", o.pid, "lines", lines)
}

const (
	// outputRate and outputBurst bound the lines of one worker, and separately its
	// log records: per second, and at once. A longer line counts as one for each
	// outputUnit bytes begun.
	outputRate  = 1000
	outputBurst = 5000
	outputUnit  = 1 << 10
)

// price is how many lines a line or record of the given length counts as.
func price(size int) int { return max(1, (size+outputUnit-1)/outputUnit) }

// Records logs the records that the workers of a pool send over their links, a
// bounded number from each worker.
type Records struct {
	log    *Log
	pool   string
	limits sync.Map // pid → *Limit
}

// Records makes the Records of a pool.
func (l *Log) Records(pool string) *Records { return &Records{log: l, pool: pool} }

// Take logs a record of a worker. call is 0 if the record belongs to no call.
func (w *Records) Take(pid int, call uint64, record []byte) {
	l, ok := w.limits.Load(pid)
	if !ok {
		l, _ = w.limits.LoadOrStore(pid, w.log.NewLimit(outputRate, outputBurst, func(records uint64) {
			w.log.Warn("a worker logs too much: records were dropped", "pool", w.pool, "pid", pid, "records", records)
		}))
	}
	if l.(*Limit).Take(price(len(record))) {
		w.log.received(w.pool, pid, call, record)
	}
}

// End reports the dropped records of a worker that has ended.
func (w *Records) End(pid int) {
	if l, ok := w.limits.LoadAndDelete(pid); ok {
		l.(*Limit).Flush()
	}
}
