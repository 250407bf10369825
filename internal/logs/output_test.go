package logs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// What a worker prints is in the log, with its stream; a flood is bounded by
// its bytes, and what is left out is told.
func TestOutput(t *testing.T) {
	synctest.Test(t, testOutput) // however long the lines take, no time passes, in which more would be let through
}

func testOutput(t *testing.T) {
	l, read := open(t, Config{Level: slog.LevelDebug}, nobody)
	o := l.Output("pool")
	printed := make(chan struct{})
	go func() { // the process prints before Start returns
		o.Line(proc.Stdout, []byte("hello"))
		close(printed)
	}()
	o.Start(77)
	<-printed
	for _, line := range []string{"panic: oh no", "", "goroutine 7 [running]:", "main.main()", "", "exit status 2", "PC=0x1234", "rax    0x5"} {
		o.Line(proc.Stderr, []byte(line))
	}
	const lines = 3000
	long := []byte(strings.Repeat("x", 2<<10))
	for range lines {
		o.Line(proc.Stdout, long)
	}
	text := read()
	find(t, text, "level=INFO msg=hello daemon=solo pool=pool pid=77 stream=stdout\n")
	find(t, text, `level=INFO msg="panic: oh no" daemon=solo pool=pool pid=77 stream=stderr`)
	find(t, text, "level=DEBUG msg=main.main()")
	find(t, text, "level=INFO msg=\"exit status 2\"")
	find(t, text, `level=DEBUG msg="rax    0x5"`)
	s := l.Stats()
	if kept := strings.Count(text, string(long)); kept < 100 || kept > lines-100 || kept+int(s.Dropped) != lines {
		t.Errorf("%d of %d lines are in the log: %+v", kept, lines, s)
	}
	if !strings.Contains(text, "a worker prints too much: lines were dropped\" daemon=solo pool=pool pid=77 lines=") {
		t.Errorf("it is not told: %+v", s)
	}
}

// Which records are lines of a crash report can be seen in the log, too.
func TestOfCrashReport(t *testing.T) {
	l, _ := open(t, Config{Level: slog.LevelDebug}, nobody)
	o := l.Output("pool")
	o.Start(77)
	o.Line(proc.Stderr, []byte("panic: oh no"))
	o.Line(proc.Stderr, []byte("goroutine 7 [running]:"))
	o.Line(proc.Stdout, []byte("goroutine 7 [running]:"))
	l.Debug("another")
	var got []bool
	for _, r := range l.Tail(10, Everything) {
		got = append(got, OfCrashReport(r))
	}
	if fmt.Sprint(got) != "[false true false false]" {
		t.Error(got)
	}
}

// link takes what a worker sends to the log of its daemon.
type link struct {
	to    *Records
	limit int // bytes
}

func (k *link) Send(h wire.Header, b []byte) error {
	if len(b) > k.limit {
		return &wire.TooLarge{Size: int64(len(b)), Limit: int64(k.limit)}
	}
	k.to.Take(77, uint64(h.Call), b)
	return nil
}

type odd struct{ A int }

// A worker's records arrive with all that is in them.
func TestRecordsOfWorkers(t *testing.T) {
	l, read := open(t, Config{Level: slog.LevelInfo}, nobody)
	records := l.Records("pool")
	k := &link{to: records, limit: 64 << 10}
	ctx := WithLink(t.Context(), k)
	if OfLink(context.Background(), 1) != nil {
		t.Error("a context without a link has a logger")
	}
	log := OfLink(ctx, 5).With("a", 1).WithGroup("g").With("b", "two")
	log.Warn("of a call", "d", time.Second, "f", 1.5, "u", uint64(1<<63), "t", true, slog.Group("h", "odd", odd{1}),
		"when", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), slog.Group("", "inlined", -1), slog.Attr{})
	log.Debug("too low")
	worker := New(Config{Worker: true, Level: slog.LevelError}, nobody)
	worker.Info("kept until there is a link")
	worker.UseLink(k)
	worker.Info("of no call")
	worker.Info("too long"+strings.Repeat(".", 100<<10), "gone", 1)
	if worker.Forget(); len(worker.Tail(1, Everything)) > 0 {
		t.Error("a worker remembers its records")
	}
	records.Take(77, 0, []byte("no record"))
	text := read()
	find(t, text, `level=WARN msg="of a call" daemon=solo pool=pool pid=77 call=5 a=1 g.b=two g.d=1s g.f=1.5 g.u=9223372036854775808 g.t=true g.h.odd={1} g.when=2026-01-02T03:04:05.000Z g.inlined=-1`+"\n")
	find(t, text, "msg=\"kept until there is a link\" daemon=solo pool=pool pid=77\n")
	find(t, text, "msg=\"of no call\" daemon=solo pool=pool pid=77\n")
	find(t, text, "msg=\"too long...", "exceeds the limit of 65536 bytes")
	find(t, text, "a worker sent a log record that cannot be read", "pool=pool", "pid=77")
	if strings.Contains(text, "too low") || strings.Contains(text, "gone=1") {
		t.Error(text)
	}
}

// No attribute of a worker's record replaces what the daemon says of it: who
// reads the log can tell its records from the daemon's own.
func TestWorkersCannotForgeRecords(t *testing.T) {
	l, read := open(t, Config{Level: slog.LevelInfo, Format: JSON}, nobody)
	k := &link{to: l.Records("pool"), limit: 64 << 10}
	OfLink(WithLink(t.Context(), k), 5).Info("of a worker", "msg", "audit: done", "level", "ERROR", "time", 1, "daemon", "other", "pool", "", "PID", 1,
		"pid", 0, "call", 0, "who", "uid 0", slog.Group("g", "pool", "inner"))
	var got map[string]any
	if err := json.Unmarshal([]byte(find(t, read(), "of a worker")), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "of a worker", "daemon": "solo", "pool": "pool", "pid": 77.0, "call": 5.0, "who": "uid 0", "g.pool": "inner",
		"worker.msg": "audit: done", "worker.level": "ERROR", "worker.time": 1.0, "worker.daemon": "other", "worker.pool": "", "worker.PID": 1.0,
		"worker.pid": 0.0, "worker.call": 0.0,
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v\ninstead of\n%v", got, want)
	}
}

// A worker that logs without end brings in a part of it, and the rest is told
// when it has ended.
func TestWorkerRecordsAreBounded(t *testing.T) {
	l, read := open(t, Config{}, nobody)
	records := l.Records("pool")
	worker := New(Config{Worker: true}, nobody)
	worker.UseLink(&link{to: records, limit: 64 << 10})
	const many = 3000
	text := strings.Repeat("x", 2<<10)
	for range many {
		worker.Info("a record", "text", text)
	}
	s := l.Stats()
	records.End(77)
	records.End(77) // has nothing to tell
	got := read()
	if kept := strings.Count(got, "a record"); kept < 100 || kept > many-100 || kept+int(s.Dropped) != many {
		t.Errorf("%d of %d records are in the log: %+v", kept, many, s)
	}
	if !strings.Contains(got, "a worker logs too much: records were dropped") {
		t.Error("it is not told")
	}
}
