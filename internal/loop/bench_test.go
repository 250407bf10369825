package loop_test

import (
	"slices"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/loop"
)

// BenchmarkPostToRun measures the time from Post to the end of the function,
// for a sleeping loop.
func BenchmarkPostToRun(b *testing.B) {
	b.Run("alone", func(b *testing.B) { postToRun(b, 0) })
	b.Run("beside a ticker", func(b *testing.B) { postToRun(b, 10*time.Millisecond) })
}

func postToRun(b *testing.B, ticker time.Duration) {
	l, end := background(b)
	defer end()
	if ticker > 0 {
		l.Every(ticker, func() {})
	}
	done := make(chan struct{})
	fn := func() { done <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		l.Post(fn)
		<-done
	}
}

// BenchmarkPost measures the cost of posting and running one function in a
// stream of them.
func BenchmarkPost(b *testing.B) {
	l, end := background(b)
	defer end()
	done := make(chan struct{})
	fn := func() {}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.Post(fn)
		if n++; n%1024 == 0 { // the queue must not grow without limit
			l.Post(func() { done <- struct{}{} })
			<-done
		}
	}
}

// BenchmarkPeriod runs a loop of 100 Hz with 2 ms of work and reports the
// median of |period − 10 ms|, and the drift: how far behind schedule the last
// tick began.
func BenchmarkPeriod(b *testing.B) {
	b.Run("coarse", func(b *testing.B) { period(b, false) })
	b.Run("precise", func(b *testing.B) { period(b, true) })
}

func period(b *testing.B, precise bool) {
	const interval = 10 * time.Millisecond
	var began []time.Time
	for b.Loop() {
		began = began[:0]
		l := loop.New(loop.Config{Precise: precise})
		l.Every(interval, func() {
			now := time.Now()
			began = append(began, now)
			for time.Since(now) < 2*time.Millisecond {
			}
			if len(began) == 200 {
				l.Stop()
			}
		})
		_ = l.Run(b.Context())
	}
	var errs []time.Duration
	for i := 1; i < len(began); i++ {
		errs = append(errs, (began[i].Sub(began[i-1]) - interval).Abs())
	}
	slices.Sort(errs)
	drift := began[len(began)-1].Sub(began[0]) - time.Duration(len(began)-1)*interval
	b.ReportMetric(float64(errs[len(errs)/2].Microseconds()), "µs-median-error")
	b.ReportMetric(float64(drift.Microseconds()), "µs-drift")
}

func background(b *testing.B) (l *loop.Loop, end func()) {
	l = loop.New(loop.Config{Precise: true, Panic: func(any, []byte) {}})
	done := make(chan error)
	go func() { done <- l.Run(b.Context()) }()
	return l, func() {
		l.Stop()
		<-done
	}
}
