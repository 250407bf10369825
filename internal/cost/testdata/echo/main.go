// Echo is a small daemon that counts what its own calls cost, in its process
// and in its worker, and prints that as JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/payload"
)

// Record is a typical struct of ten fields.
type Record struct {
	ID     int64
	Name   string
	Blob   []byte
	Labels map[string]string
	At     time.Time
	Items  []Item
	Score  float64
	Active bool
	Flags  uint32
	Nums   []int64
}

type Item struct {
	Name  string
	Qty   int64
	Price float64
}

var record = Record{
	ID: 123456789, Name: "worker-supervisor request", Blob: make([]byte, 128),
	Labels: map[string]string{"tenant": "acme", "region": "eu-west-1", "kind": "invoice", "trace": "9f8e7d6c5b4a"},
	At:     time.Date(2026, 3, 4, 5, 6, 7, 891234567, time.UTC),
	Items:  []Item{{"alpha", 3, 9.5}, {"bravo", 14, 1.25}, {"charlie", 159, 2.75}, {"delta", 2653, 0.125}},
	Score:  0.987654321, Active: true, Flags: 0xdeadbeef,
	Nums: []int64{1, -2, 300, -40000, 5000000, -600000000, 70000000000, 8},
}

// Cost is what a process has used, or what a call uses of it.
type Cost struct {
	Allocs   float64 // heap objects
	Bytes    float64 // of the heap
	Faults   float64 // pages that the kernel made for it, without reading a disk
	Switches float64 // how often it slept: voluntary context switches
}

func used() (c Cost) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return Cost{float64(m.Mallocs), float64(m.TotalAlloc), float64(u.Minflt), float64(u.Nvcsw)}
}

// each returns the cost of each of n calls between a and b.
func each(a, b Cost, n int) Cost {
	per := func(a, b float64) float64 { return (b - a) / float64(n) }
	return Cost{per(a.Allocs, b.Allocs), per(a.Bytes, b.Bytes), per(a.Faults, b.Faults), per(a.Switches, b.Switches)}
}

// least returns the smaller of each: what disturbs a round only adds to it.
func least(a, b Cost) Cost {
	return Cost{min(a.Allocs, b.Allocs), min(a.Bytes, b.Bytes), min(a.Faults, b.Faults), min(a.Switches, b.Switches)}
}

// Report is what the program prints: costs by row, of the daemon and of the
// worker.
type Report struct {
	Idle           int // private memory of a worker after its first call, in KiB
	Daemon, Worker map[string]Cost
}

// worker is the state of a worker: none.
type worker struct{}

func main() {
	d := legion.New(legion.Config{Name: "echo", Control: "none", Logger: slog.New(slog.DiscardHandler)})
	w := legion.NewWorkers(d, "echo", func(context.Context) (*worker, error) { return &worker{}, nil }, legion.Pool{Max: 1})
	bytes := legion.Handle(w, "bytes", func(_ *worker, _ context.Context, b []byte) ([]byte, error) { return b, nil })
	lent := legion.Handle(w, "lent", func(_ *worker, ctx context.Context, b payload.Lent) ([]byte, error) {
		return append(payload.Scratch(ctx, len(b)), b...), nil
	})
	buffers := legion.Handle(w, "buffers", func(_ *worker, _ context.Context, b *payload.Buffer) (*payload.Buffer, error) { return b, nil })
	records := legion.Handle(w, "record", func(_ *worker, _ context.Context, r Record) (Record, error) { return r, nil })
	usage := legion.Handle(w, "usage", func(*worker, context.Context, bool) (Cost, error) { return used(), nil })
	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	echo := func(size int) func() error {
		b := make([]byte, size)
		return func() error { _, err := bytes.Call(ctx, b); return err }
	}
	reuse := func(size int) func() error {
		b, out := make([]byte, size), make([]byte, 0, size)
		return func() error { return lent.CallInto(ctx, b, &out) }
	}
	buffer := func() error {
		b, err := bytes.Pool().NewBuffer(1 << 20)
		if err != nil {
			return err
		}
		if b, err = buffers.Call(ctx, b); err == nil {
			b.Release()
		}
		return err
	}
	check := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	check(echo(64)())
	report := Report{Daemon: map[string]Cost{}, Worker: map[string]Cost{}}
	report.Idle = private(bytes.Pool().Stats().Workers[0].PID)
	for _, row := range []struct {
		name    string
		callers int
		calls   int // of each caller in a round; on a busy machine a lone caller waits for each
		call    func() error
	}{
		{"64 B", 1, 1000, echo(64)},
		{"64 B, 64 callers", 64, 200, echo(64)},
		{"64 B, 1000 callers", 1000, 20, echo(64)},
		{"struct", 1, 400, func() error { _, err := records.Call(ctx, record); return err }},
		{"64 KiB", 1, 150, echo(64 << 10)},
		{"64 KiB, reused", 1, 150, reuse(64 << 10)},
		{"1 MiB", 1, 40, echo(1 << 20)},
		{"1 MiB, reused", 1, 40, reuse(1 << 20)},
		{"1 MiB, buffer", 1, 40, buffer},
	} {
		for round := range 4 {
			theirs, err := usage.Call(ctx, true)
			check(err)
			ours := used()
			var all sync.WaitGroup
			for range row.callers {
				all.Go(func() {
					for range row.calls {
						check(row.call())
					}
				})
			}
			all.Wait()
			n := row.callers * row.calls
			daemon := each(ours, used(), n)
			after, err := usage.Call(ctx, true)
			check(err)
			worker := each(theirs, after, n)
			if round > 1 { // the first warms up
				daemon, worker = least(daemon, report.Daemon[row.name]), least(worker, report.Worker[row.name])
			}
			report.Daemon[row.name], report.Worker[row.name] = daemon, worker
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(report))
	check(d.Stop(ctx))
}

// private returns how many KiB of memory only the process has.
func private(pid int) (kib int) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(io.LimitReader(f, 1<<20)); lines.Scan(); {
		var name string
		var n int
		if _, err := fmt.Sscan(lines.Text(), &name, &n); err == nil && strings.HasPrefix(name, "Private_") {
			kib += n
		}
	}
	return kib
}
