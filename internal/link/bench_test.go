package link_test

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
)

var buffer = flag.Int("buffer", 0, "benchmarks: Options.Buffer")

// BenchmarkEcho measures calls to a real child process: link, size, callers,
// and handler (go: a goroutine for each request; inline: on the receiving
// goroutine).
func BenchmarkEcho(b *testing.B) {
	for _, tr := range transports() {
		for _, c := range []struct {
			size, callers int
			how           string
		}{
			{64, 1, "inline"}, {64, 1, "go"}, {64, 64, "go"}, {4 << 10, 1, "go"}, {4 << 10, 64, "go"},
			{1 << 20, 1, "go"}, {1 << 20, 64, "go"},
		} {
			name := "shm"
			if tr == link.Socket {
				name = "socket"
			}
			b.Run(fmt.Sprintf("%s/%dB/x%d/%s", name, c.size, c.callers, c.how), func(b *testing.B) {
				conn, _ := start(b, tr, link.Options{Buffer: *buffer}, c.how)
				cl := newClient(conn)
				p := make([]byte, c.size)
				if _, err := cl.call(p, nil); err != nil { // the child is up
					b.Fatal(err)
				}
				b.SetBytes(int64(c.size))
				b.ReportAllocs()
				b.ResetTimer()
				if c.callers == 1 {
					lone(b, cl, p)
				} else {
					many(b, cl, p, c.callers)
				}
			})
		}
	}
}

func lone(b *testing.B, cl *client, p []byte) {
	took := make([]int32, 0, 1<<20)
	dst := make([]byte, 0, len(p))
	var err error
	for range b.N {
		t := time.Now()
		if dst, err = cl.call(p, dst); err != nil {
			b.Fatal(err)
		}
		if len(took) < cap(took) {
			took = append(took, int32(time.Since(t)))
		}
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
}

func many(b *testing.B, cl *client, p []byte, callers int) {
	var wg sync.WaitGroup
	for i := range callers {
		n := b.N / callers
		if i < b.N%callers {
			n++
		}
		wg.Go(func() {
			dst := make([]byte, 0, len(p))
			var err error
			for range n {
				if dst, err = cl.call(p, dst); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkNew measures the cost of a link before its worker starts.
func BenchmarkNew(b *testing.B) {
	for _, tr := range transports() {
		b.Run(tr.String(), func(b *testing.B) {
			for range b.N {
				c, files, err := link.New(tr, link.Options{})
				if err != nil {
					b.Fatal(err)
				}
				for _, f := range files {
					f.Close()
				}
				c.Close()
			}
		})
	}
}
