package metrics

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/meter"
	"github.com/legion-go/legion/plugin"
)

// Endpoint is a plugin that serves the metrics of its daemon at an HTTP path of
// the control socket. The zero value is usable. Its fields must not be changed
// after Daemon.Use. Its methods may be called from any goroutine.
type Endpoint struct {
	// Path is the HTTP path; default: /metrics.
	Path string

	// RunSeconds adds the histogram legion_call_run_seconds: 19 more series for
	// each function.
	RunSeconds bool

	// MaxSeries is how many series of Legion's own there may be. With more, the
	// functions of each pool are shown as one, whose name is _all, and the log says
	// so, once. Default: 5,000; below zero: no limit.
	MaxSeries int

	d *legion.Daemon

	mu     sync.Mutex
	folded bool // for good: series that come and go would be worse than fewer
}

const defaultMaxSeries = 5000

var (
	_ legion.Attacher   = (*Endpoint)(nil)
	_ plugin.PathServer = (*Endpoint)(nil)
)

// Name returns "metrics".
func (e *Endpoint) Name() string { return "metrics" }

// Attach is called by Daemon.Use.
func (e *Endpoint) Attach(d *legion.Daemon) error {
	if e.d != nil {
		return errors.New("an Endpoint is for one daemon: make another one")
	}
	e.d = d
	return nil
}

// Paths serves the path to clients with the role read.
func (e *Endpoint) Paths() []plugin.Path {
	path := e.Path
	if path == "" {
		path = "/metrics"
	}
	return []plugin.Path{{Path: path, Role: legion.RoleRead, Serve: e.serve}}
}

func (e *Endpoint) serve(_ context.Context, r *plugin.Request) plugin.Response {
	f := FormatFor(r.Field("Accept"))
	return plugin.Response{Type: f.ContentType(), Body: e.gather(f)}
}

// Write writes all metrics, as they are now, for a handler of the program's own
// or a file. It reads them as Daemon.Stats does, and returns the errors of w.
func (e *Endpoint) Write(w io.Writer, f Format) error {
	if e.d == nil {
		return errors.New("metrics: this Endpoint belongs to no daemon: give it to Daemon.Use first")
	}
	_, err := w.Write(e.gather(f))
	return err
}

// gather returns all metrics.
func (e *Endpoint) gather(f Format) []byte {
	s := &scrape{Stats: e.d.Stats(), runSeconds: e.RunSeconds}
	most := e.MaxSeries
	if most == 0 {
		most = defaultMaxSeries
	}
	s.folded = e.fold(s.series(), most)
	out := &sink{openMetrics: f == OpenMetrics, b: make([]byte, 0, 64<<10)}
	for i := range table {
		m := &table[i]
		out.begin(m)
		m.from(s, out)
	}
	writeOwn(out, meter.Gather())
	return out.end()
}

// fold reports whether functions are shown as one.
func (e *Endpoint) fold(series, most int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.folded && most > 0 && series > most {
		e.folded = true
		e.d.Logger().Warn("metrics: there are too many series: the functions of each pool are shown as one", "series", series, "limit", most)
	}
	return e.folded
}
