// Profiled shows what happens inside workers: a CPU profile of each process, a
// memory profile on request, and a trace of a call that took too long. The
// files are written to the folder that PROFILES names.
//
//	PROFILES=/tmp go run ./examples/profiled
//	go tool pprof -top /tmp/cpu-*.pprof
//	go tool trace /tmp/slow-*.trace
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"time"

	"github.com/legion-go/legion"
)

// profiled lives in a worker process: its CPU profile is that of the process.
type profiled struct {
	dir    string
	cpu    *os.File
	recent *trace.FlightRecorder
}

func newProfiled(context.Context) (*profiled, error) {
	p := &profiled{dir: os.Getenv("PROFILES")}
	if p.dir == "" {
		return p, nil
	}
	var err error
	if p.cpu, err = os.Create(p.file("cpu", "pprof")); err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(p.cpu); err != nil {
		return nil, err
	}
	p.recent = trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: time.Second})
	return p, p.recent.Start()
}

// Close is called when the worker ends in good order: not when it is killed.
func (p *profiled) Close() error {
	if p.cpu == nil {
		return nil
	}
	p.recent.Stop()
	pprof.StopCPUProfile()
	return p.cpu.Close()
}

func (p *profiled) file(kind, suffix string) string {
	return filepath.Join(p.dir, fmt.Sprintf("%s-%d.%s", kind, os.Getpid(), suffix))
}

// Count is the work.
func (p *profiled) Count(ctx context.Context, text string) (int, error) {
	start := time.Now()
	n := 0
	for range 2000 {
		n = len(strings.Fields(text))
	}
	if took := time.Since(start); p.recent != nil && took > 20*time.Millisecond {
		return n, p.write(p.file("slow", "trace"), func(f *os.File) error {
			_, err := p.recent.WriteTo(f) // what the process did in the last second
			return err
		})
	}
	return n, nil
}

// Heap writes a profile of the worker's memory, and returns where.
func (p *profiled) Heap(context.Context, struct{}) (string, error) {
	name := p.file("heap", "pprof")
	return name, p.write(name, func(f *os.File) error { return pprof.Lookup("heap").WriteTo(f, 0) })
}

func (p *profiled) write(name string, what func(*os.File) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := what(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func main() {
	d := legion.New(legion.Config{Name: "profiled"})
	workers := legion.NewWorkers(d, "words", newProfiled, legion.Pool{Max: 1})
	count := legion.Handle(workers, "count", (*profiled).Count)
	heap := legion.Handle(workers, "heap", (*profiled).Heap)

	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		log.Fatal(err)
	}
	n, err := count.Call(ctx, strings.Repeat("how many words are these ", 1000))
	fmt.Println(n, "words, error:", err)
	if os.Getenv("PROFILES") != "" {
		name, err := heap.Call(ctx, struct{}{})
		fmt.Println("memory:", filepath.Base(name), "error:", err)
	}
	if err := d.Stop(ctx); err != nil { // the workers close their profiles
		log.Fatal(err)
	}
}
