package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The sink gets whole records, in order, no more at once than a batch.
func TestBatches(t *testing.T) {
	for batch, want := range map[int]string{
		1:   "1|2|3|long line|4|5",
		4:   "1|2,3|long line|4,5",
		100: "1|2,3,long line,4,5",
	} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			var got []string
			p := &pen{}
			p.put = func(_ context.Context, records []byte) (int, error) {
				lines := strings.Split(strings.TrimSuffix(string(records), "\n"), "\n")
				got = append(got, strings.Join(lines, ","))
				<-p.gate
				return p.take(records), nil
			}
			run(t, Options{Batch: batch}, p, func(t *testing.T, w *Writer) {
				write(w, "1")
				synctest.Wait()
				write(w, "2", "3", "long line", "4", "5")
				close(p.gate)
				wants(t, p, "1", "2", "3", "long line", "4", "5")
				counts(t, w, 6, 0, 0)
			})
			if got := strings.Join(got, "|"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// A sink that hangs holds no writer up. What does not fit is counted and told.
func TestOverflow(t *testing.T) {
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		<-p.gate
		return p.take(records), nil
	}
	run(t, Options{Buffer: 5 * (2 + recordCost)}, p, func(t *testing.T, w *Writer) {
		write(w, "1")
		synctest.Wait()
		write(w, "2", "3", "4", "5", "6", "7", "8")
		counts(t, w, 0, 3, 5)
		close(p.gate)
		wants(t, p, "1", "2", "3", "4", "5", report(3, ErrOverflow.Error()))
		counts(t, w, 5, 3, 0)
		write(w, "9")
		wants(t, p, "1", "2", "3", "4", "5", report(3, ErrOverflow.Error()), "9")
	})
}

// A flood that goes on is not told of after each batch, but once for as many
// records as the buffer holds.
func TestReportsAreFew(t *testing.T) {
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		time.Sleep(time.Millisecond)
		return p.take(records), nil
	}
	const holds, puts = 100, 1000
	run(t, Options{Buffer: holds * (2 + recordCost), Batch: 1}, p, func(t *testing.T, w *Writer) {
		for range puts {
			write(w, "1", "2", "3")
			time.Sleep(time.Millisecond)
		}
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		told := 0
		for l := range strings.Lines(p.written()) {
			var n int
			if _, err := fmt.Sscanf(l, "%d records", &n); err == nil {
				told += n
			}
		}
		if s := w.Stats(); uint64(told) != s.Dropped || s.Written+s.Dropped != 3*puts {
			t.Errorf("%d told: %+v", told, s)
		}
		if n := strings.Count(p.written(), "dropped"); n < 5 || n > puts/holds+2 {
			t.Errorf("it is told %d times", n)
		}
	})
}

// A dropped record is told at once, and not with the next one.
func TestDropIsToldByAnIdleWriter(t *testing.T) {
	p := &pen{}
	run(t, Options{Buffer: 20}, p, func(t *testing.T, w *Writer) {
		var want []string
		for range 3 {
			write(w, strings.Repeat("x", 20))
			want = append(want, report(1, ErrOverflow.Error()))
			wants(t, p, want...)
		}
		counts(t, w, 0, 3, 0)
	})
}

// A record that is dropped while others are told is told, too, and with its own
// reason.
func TestDropDuringTheReport(t *testing.T) {
	var w *Writer
	p := &pen{why: errors.New("no paper")}
	p.put = func(_ context.Context, records []byte) (int, error) {
		if bytes.Contains(records, []byte("no paper")) {
			write(w, "too long for the buffer")
		}
		return p.take(records), nil
	}
	run(t, Options{Buffer: 20}, p, func(t *testing.T, of *Writer) {
		w = of
		write(w, "1")
		synctest.Wait()
		write(w, "too long for the buffer")
		p.fail(nil)
		time.Sleep(firstPause)
		wants(t, p, "1", report(1, "no paper"), report(1, ErrOverflow.Error()))
	})
}

// Drops of several reasons are told apart, and a report that fails is repeated.
func TestReasonsAreToldApart(t *testing.T) {
	p := &pen{why: errors.New("no paper")}
	run(t, Options{Buffer: 20}, p, func(t *testing.T, w *Writer) {
		write(w, "1", "too long for the buffer")
		synctest.Wait()
		write(w, "too long for the buffer")
		p.fail(fmt.Errorf("no %s", "ink"))
		time.Sleep(firstPause)
		synctest.Wait()
		for range 3 {
			write(w, "too long for the buffer")
			time.Sleep(lastPause)
			synctest.Wait()
			p.fail(fmt.Errorf("no %s", "ink")) // another one with the same text
		}
		p.fail(nil)
		time.Sleep(lastPause)
		wants(t, p, "1", report(1, ErrOverflow.Error()), report(1, "no paper"), report(3, "no ink"))
	})
}

func TestReasonsAreBounded(t *testing.T) {
	var d drops
	for i := range 2 * maxReasons {
		d.add(fmt.Errorf("reason %d", i), 0)
	}
	if len(d) != maxReasons || d[0].records != 1 || d[maxReasons-1].records != maxReasons+1 {
		t.Errorf("%v", d)
	}
}

// Without a text for them, drops are counted only.
func TestNothingIsTold(t *testing.T) {
	p := &pen{}
	run(t, Options{Buffer: 20, Dropped: func(uint64, error) []byte { return nil }}, p, func(t *testing.T, w *Writer) {
		write(w, "too long for the buffer", "1")
		wants(t, p, "1")
		counts(t, w, 1, 1, 0)
	})
}

// The sink is left alone for longer and longer while it fails; records wait,
// and the failure is told once for each spell.
func TestPauses(t *testing.T) {
	paper, ink := errors.New("no paper"), errors.New("no ink")
	var told []string
	p := &pen{why: paper}
	run(t, Options{OnError: func(err error) { told = append(told, err.Error()) }}, p, func(t *testing.T, w *Writer) {
		write(w, "1")
		time.Sleep(4 * time.Second)
		synctest.Wait()
		ms := time.Millisecond
		want := []time.Duration{0, 10 * ms, 30 * ms, 70 * ms, 150 * ms, 310 * ms, 630 * ms, 1270 * ms, 2270 * ms, 3270 * ms}
		if !slices.Equal(p.puts, want) {
			t.Errorf("put after %v, want %v", p.puts, want)
		}
		write(w, "2") // does not end the pause
		counts(t, w, 0, 0, 2)
		if err := w.Stats().Err; !errors.Is(err, paper) {
			t.Errorf("Stats.Err: %v", err)
		}
		p.fail(ink)
		w.Nudge()
		counts(t, w, 0, 0, 2)
		p.fail(nil)
		w.Nudge()
		wants(t, p, "1", "2")
		p.fail(ink)
		write(w, "3")
		synctest.Wait()
		p.fail(nil)
		time.Sleep(firstPause) // it starts again with the first
		wants(t, p, "1", "2", "3")
		counts(t, w, 3, 0, 0)
	})
	if want := []string{"no paper", "no ink", "no ink"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// Nudge has an idle sink see to itself, once.
func TestNudge(t *testing.T) {
	empty := 0
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		if records == nil {
			empty++
			return 0, errors.New("a complaint")
		}
		return p.take(records), nil
	}
	run(t, Options{}, p, func(t *testing.T, w *Writer) {
		write(w, "1")
		synctest.Wait()
		w.Nudge()
		synctest.Wait()
		if err := w.Stats().Err; empty != 1 || err == nil || p.count() != 2 {
			t.Errorf("%d puts without a record, %d in all, %v", empty, p.count(), err)
		}
		write(w, "2")
		wants(t, p, "1", "2")
		if err := w.Stats().Err; err != nil {
			t.Error(err)
		}
	})
}

// What is out although the sink complains is not put again, and no pause is
// made.
func TestComplaint(t *testing.T) {
	var told []error
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		return p.take(records), errors.New("a complaint")
	}
	run(t, Options{Buffer: 20, OnError: func(err error) { told = append(told, err) }}, p, func(t *testing.T, w *Writer) {
		write(w, "1")
		wants(t, p, "1")
		write(w, "2", "too long for the buffer")
		wants(t, p, "1", "2", report(1, ErrOverflow.Error()))
		if p.puts[len(p.puts)-1] != 0 {
			t.Errorf("put after %v", p.puts)
		}
		if len(told) != 1 || w.Stats().Err == nil {
			t.Errorf("told %v, %+v", told, w.Stats())
		}
	})
}

// Of what is out in part, the rest follows.
func TestPartialPuts(t *testing.T) {
	for _, fail := range []error{nil, errors.New("no paper")} {
		p := &pen{}
		p.put = func(_ context.Context, records []byte) (int, error) {
			return p.take(records[:min(len(records), 2)]), fail
		}
		run(t, Options{}, p, func(t *testing.T, w *Writer) {
			write(w, "1", "2", "3")
			time.Sleep(time.Second)
			wants(t, p, "1", "2", "3")
			counts(t, w, 3, 0, 0)
		})
	}
}

// A record that the sink refuses is dropped, told, and holds up no other.
func TestRefusedRecord(t *testing.T) {
	p := &pen{}
	p.put = func(_ context.Context, records []byte) (int, error) {
		good, _, bad := bytes.Cut(records, []byte("no\n"))
		n := p.take(good)
		if bad {
			return n, fmt.Errorf("put: %w", &Refused{errors.New("it is bad")})
		}
		return n, nil
	}
	run(t, Options{}, p, func(t *testing.T, w *Writer) {
		write(w, "1", "2", "no", "3")
		wants(t, p, "1", "2", report(1, "it is bad"), "3")
		write(w, "no") // nothing comes after it
		wants(t, p, "1", "2", report(1, "it is bad"), "3", report(1, "it is bad"))
		counts(t, w, 3, 2, 0)
		if err := w.Stats().Err; err != nil || p.puts[len(p.puts)-1] != 0 {
			t.Errorf("%v, put after %v", err, p.puts)
		}
	})
}

// A sink that refuses everything is not asked again and again to tell of it,
// and holds up no Close.
func TestEverythingIsRefused(t *testing.T) {
	dead := &Refused{errors.New("no reader")}
	p := &pen{why: dead}
	run(t, Options{}, p, func(t *testing.T, w *Writer) {
		write(w, "1", "2")
		counts(t, w, 0, 2, 0)
		time.Sleep(time.Hour)
		if p.count() != 3 { // with one report
			t.Errorf("put %d times", p.count())
		}
		if err := w.Stats().Err; err == nil {
			t.Error("no Stats.Err")
		}
		p.fail(nil)
		write(w, "3")
		wants(t, p, "3", report(2, "no reader"))
		p.fail(dead)
		write(w, "4")
		counts(t, w, 1, 3, 0)
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		counts(t, w, 1, 3, 0)
	})
}

// Many goroutines, a sink that does all that a sink may, a queue that is too
// small: what is not written is counted and told, and the rest is in order.
func TestEveryRecordIsAccountedFor(t *testing.T) {
	const writers, lines = 4, 2000
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1)) // of the sink
		var refused, told, calm = 0, uint64(0), atomic.Bool{}
		p := &pen{}
		p.put = func(_ context.Context, records []byte) (int, error) {
			time.Sleep(time.Duration(r.IntN(50)) * time.Microsecond)
			first := bytes.IndexByte(records, '\n') + 1
			switch {
			case calm.Load() || r.IntN(30) > 0:
				return p.take(records), nil
			case bytes.HasPrefix(records, []byte("told")):
				return 0, errors.New("no paper")
			case r.IntN(2) == 0:
				return p.take(records[:first]), errors.New("no paper")
			}
			if len(records) > 0 {
				refused++
			}
			return 0, &Refused{errors.New("it is bad")}
		}
		o := Options{Buffer: 1000, Batch: 200, Dropped: func(n uint64, why error) []byte {
			return fmt.Appendf(nil, "told %d %v\n", n, why)
		}}
		run(t, o, p, func(t *testing.T, w *Writer) {
			var all sync.WaitGroup
			for g := range writers {
				all.Go(func() {
					pace := rand.New(rand.NewPCG(seed, uint64(g)+2))
					for i := range lines {
						write(w, fmt.Sprintf("%d %d", g, i))
						if pace.IntN(4) == 0 {
							time.Sleep(time.Duration(pace.IntN(1000)) * time.Microsecond)
						}
					}
				})
			}
			all.Wait()
			calm.Store(true)
			if err := w.Close(context.Background()); err != nil {
				t.Error(err)
			}
			next, got := [writers]int{}, uint64(0)
			for l := range strings.Lines(p.written()) {
				var g, i int
				var n uint64
				if _, err := fmt.Sscanf(l, "told %d", &n); err == nil {
					told += n
				} else if _, err := fmt.Sscanf(l, "%d %d", &g, &i); err != nil || i < next[g] {
					t.Fatalf("seed %d: %q, want %d or later: %v", seed, l, next[g], err)
				} else {
					next[g] = i + 1
					got++
				}
			}
			s := w.Stats()
			if s.Written != got || s.Dropped != told || got+told != writers*lines || refused == 0 || s.Dropped <= uint64(refused) {
				t.Errorf("seed %d: %d written, %d told as dropped, %d refused: %+v", seed, got, told, refused, s)
			}
		})
	}
}

func TestWriteAllocatesNothing(t *testing.T) {
	w := &Writer{queue: queue{limit: 1 << 20}, wake: make(chan struct{}, 1)} // without the goroutine, which allocates once for each batch
	record := bytes.Repeat([]byte("x"), 100)
	fill := func() {
		for range 12_000 {
			_, _ = w.Write(record)
		}
		w.queue.consume(len(w.queue.next(1 << 20)))
	}
	fill()
	if n := testing.AllocsPerRun(10, fill); n != 0 { // the runtime, too, allocates now and then
		t.Errorf("12,000 writes allocate %v times", n)
	}
	if w.stats.Dropped == 0 {
		t.Error("the case of a full buffer was not tried")
	}
}

// BenchmarkWrite is what a record costs who writes it.
func BenchmarkWrite(b *testing.B) {
	record := append(bytes.Repeat([]byte("x"), 119), '\n')
	w := New(discard{}, Options{})
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		_, _ = w.Write(record)
	}
	_ = w.Close(context.Background())
	s := w.Stats()
	b.ReportMetric(100*float64(s.Dropped)/float64(s.Written+s.Dropped), "%dropped")
}

type discard struct{}

func (discard) Put(_ context.Context, records []byte) (int, error) { return len(records), nil }

func (discard) Close() error { return nil }
