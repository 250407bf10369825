// Thumbd watches a folder of pictures and makes a thumbnail of each, in worker
// processes with a deadline, a memory limit and a sandbox. A picture that is
// made to harm costs at most one worker, and a line of output says what
// happened. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
)

// main runs in every process: it reads the flags and declares. The rest happens
// in the daemon alone.
func main() {
	var o options
	o.register(flag.CommandLine)
	own := map[string]bool{}
	flag.VisitAll(func(f *flag.Flag) { own[f.Name] = true })
	common := cli.Flags(flag.CommandLine)
	flag.Parse()
	verb := flag.NArg() > 0                                        // thumbd start, thumbd status …
	flag.Visit(func(f *flag.Flag) { verb = verb || !own[f.Name] }) // thumbd -h
	if err := o.check(); err != nil {
		os.Exit(complain(err))
	}

	d := legion.New(legion.Config{Name: "thumbd", LogLevel: o.logLevel()})
	thumb := legion.Worker(d, "thumb", makeThumb, legion.Pool{
		Max:         o.workers,
		Timeout:     o.timeout,
		MemoryLimit: uint64(o.memory) << 20,
		MaxCalls:    1000, // then a fresh process: no decoder's leak lives for long
		MaxRestarts: -1,   // workers are expected to die here: a folder full of bombs is no reason to give up
		Sandbox:     o.sandbox(),
	})
	s := newService(&o, thumb, d.Stop)
	d.Init(s.begin)
	d.Every(250*time.Millisecond, s.tick)
	d.Teardown(s.end)
	legion.Method(d, "thumbd.report", "What became of the pictures, by outcome", s.outcomes, legion.Allow(legion.RoleRead))

	if verb {
		cli.Main(d, common)
	}
	err := d.Run(context.Background()) // does not return in a worker
	os.Exit(complain(errors.Join(err, s.shortfall())))
}

// complain prints an error, if it is one, and returns the exit code that goes
// with it.
func complain(err error) int {
	if err == nil {
		return 0
	}
	if mistake := (usageError{}); errors.As(err, &mistake) {
		fmt.Fprintf(os.Stderr, "thumbd: %v\nthumbd -h lists the flags\n", mistake)
		return 2
	}
	fmt.Fprintln(os.Stderr, "thumbd:", err)
	return 1
}
