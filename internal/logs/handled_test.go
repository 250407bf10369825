package logs

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// loop is a daemon's loop whose turns a test takes.
type loop struct {
	on     bool // this is the loop
	ended  bool
	posted []func()
	seen   []string
	handle func(*slog.Record) bool
}

func (p *loop) handlers() Handlers {
	return Handlers{
		Wanted: func() bool { return true },
		OnLoop: func() bool { return p.on },
		Post: func(fn func()) bool {
			if !p.ended {
				p.posted = append(p.posted, fn)
			}
			return !p.ended
		},
		Handle: func(r *slog.Record) bool {
			p.seen = append(p.seen, r.Message)
			return p.handle == nil || p.handle(r)
		},
	}
}

// run runs what was posted, and what is posted by that.
func (p *loop) run() {
	p.on = true
	defer func() { p.on = false }()
	for len(p.posted) > 0 {
		fn := p.posted[0]
		p.posted = p.posted[1:]
		fn()
	}
}

// Handlers may keep a record out, change it, and log themselves, which is no
// matter of theirs.
func TestHandlers(t *testing.T) {
	p := &loop{}
	l, read := open(t, Config{}, p.handlers())
	p.handle = func(r *slog.Record) bool {
		r.AddAttrs(slog.Bool("more", true))
		l.Info("of the handler")
		return r.Message != "kept out"
	}
	l.Info("1", "n", 1)
	l.Info("kept out")
	l.Info("2")
	if len(p.posted) != 1 || len(p.seen) != 0 {
		t.Errorf("%d posted, handled %q", len(p.posted), p.seen)
	}
	p.run()
	text := read()
	find(t, text, "msg=1 daemon=solo n=1 more=true\n")
	find(t, text, "msg=2 daemon=solo more=true\n")
	if fmt.Sprint(p.seen) != "[1 kept out 2]" || strings.Contains(text, "kept out") || strings.Count(text, "of the handler") != 3 {
		t.Errorf("handled %q\n%s", p.seen, text)
	}
}

// What is logged on the loop comes after what was logged before elsewhere, and
// is handled at once.
func TestHandledOnTheLoop(t *testing.T) {
	p := &loop{}
	l, _ := open(t, Config{}, p.handlers())
	l.Info("elsewhere")
	p.on = true
	l.Info("here")
	if got := fmt.Sprint(p.seen); got != "[elsewhere here]" {
		t.Error(got)
	}
	p.on = false
	l.Info("later")
	p.run()
	if got := fmt.Sprint(p.seen); got != "[elsewhere here later]" {
		t.Error(got)
	}
}

// A loop that hangs holds up no logger; what is too much is counted, and
// reported when the loop goes on, or the log ends without it. Other functions
// of the loop have their turns between the records.
func TestHandledByAHungLoop(t *testing.T) {
	for _, recovers := range []bool{true, false} {
		t.Run(fmt.Sprint("recovers: ", recovers), func(t *testing.T) {
			p := &loop{}
			l, read := open(t, Config{}, p.handlers())
			for i := range 5000 {
				l.Info("much", "i", i)
			}
			if s := l.Stats(); s.Dropped != 5000-maxWaiting || len(p.posted) != 1 {
				t.Errorf("%+v, %d posted", s, len(p.posted))
			}
			if recovers {
				p.posted = append(p.posted, func() { p.seen = append(p.seen, "another") })
				p.run()
				if len(p.seen) != maxWaiting+1 || p.seen[maxTurn] != "another" {
					t.Errorf("%d are handled, and then %q", len(p.seen), p.seen[maxTurn])
				}
			}
			text := read()
			if n := strings.Count(text, "msg=much"); n != maxWaiting || !recovers && len(p.seen) > 0 {
				t.Errorf("%d records are in the log, %d handled", n, len(p.seen))
			}
			find(t, text, "records of the log were dropped", "daemon=solo", fmt.Sprint("records=", 5000-maxWaiting), "loop")
			find(t, text, "i=0\n")
		})
	}
}

// Large records fill what may wait sooner.
func TestLargeRecordsForTheLoop(t *testing.T) {
	p := &loop{}
	l, _ := open(t, Config{}, p.handlers())
	for range 10 {
		l.Info("large", "text", strings.Repeat("x", 1<<20), slog.Group("g", "n", 1))
	}
	if s := l.Stats(); s.Dropped != 7 {
		t.Errorf("%+v", s)
	}
	p.run()
}

// A loop that has ended before the log asks no handler, and keeps no record
// out.
func TestHandledAfterTheLoop(t *testing.T) {
	p := &loop{ended: true}
	l, read := open(t, Config{}, p.handlers())
	l.Info("1")
	l.Info("2")
	if got := l.Tail(10, Everything); len(got) != 2 {
		t.Errorf("%d records are delivered at once", len(got))
	}
	text := read()
	find(t, text, "msg=1")
	find(t, text, "msg=2")
	if len(p.seen) > 0 {
		t.Errorf("handled %q", p.seen)
	}
}
