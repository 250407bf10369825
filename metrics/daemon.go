package metrics

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/legion-go/legion/status"
)

// once writes one value.
func once(of func(*scrape) float64) func(*scrape, *sink) {
	return func(s *scrape, out *sink) { out.value(of(s)) }
}

// crons calls fn for each entry of Cron, with a name of its own: the
// expression, and a number if there are several of it.
func (s *scrape) crons(fn func(name string, c *status.Cron)) {
	seen := map[string]int{}
	for i := range s.Crons {
		c := &s.Crons[i]
		name := c.Spec
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s #%d", name, seen[name])
		}
		fn(name, c)
	}
}

func cronRuns(s *scrape, out *sink) {
	s.crons(func(name string, c *status.Cron) {
		each(c.Outcomes, []string{"ok", "error", "panicked", "skipped"}, func(outcome string, n uint64) { out.count(n, name, outcome) })
	})
}

func cronLastSuccess(s *scrape, out *sink) {
	s.crons(func(name string, c *status.Cron) {
		if c.LastOK != nil {
			out.value(unixSeconds(*c.LastOK), name)
		}
	})
}

func cronNextRun(s *scrape, out *sink) {
	s.crons(func(name string, c *status.Cron) {
		if c.Next != nil {
			out.value(unixSeconds(*c.Next), name)
		}
	})
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// eventTypes are Legion's own types of events, as the statistics name them.
var eventTypes = []string{
	"*legion.Log", "*legion.Stats", "legion.AutoRestart", "legion.ClientClosed", "legion.ClientConnected", "legion.Error", "legion.Forbidden",
	"legion.FunctionPoisoned", "legion.FunctionReadmitted", "legion.Idle", "legion.Init", "legion.LoopStarted", "legion.LoopStopped", "legion.Overrun",
	"legion.PIDChanged", "legion.PoolFailed", "legion.PostExecute", "legion.PreExecute", "legion.Reload", "legion.Reloaded", "legion.Shutdown",
	"legion.Signal", "legion.Started", "legion.WorkerExited", "legion.WorkerStarted",
}

func events(s *scrape, out *sink) {
	each(s.Events, eventTypes, func(kind string, n uint64) { out.count(n, kind) })
}

func logRecords(s *scrape, out *sink) {
	l := s.Log.Levels
	out.count(l.Debug, "debug")
	out.count(l.Info, "info")
	out.count(l.Warn, "warn")
	out.count(l.Error, "error")
}

func controlRequests(s *scrape, out *sink) {
	for _, method := range slices.Sorted(maps.Keys(s.Control.Requests)) {
		codes := s.Control.Requests[method]
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			out.count(codes[code], method, code)
		}
	}
}

func controlRefused(s *scrape, out *sink) {
	each(s.Control.Refused, status.RefusalReasons, func(reason string, n uint64) { out.count(n, reason) })
}

// changes writes how many changes of a kind there were.
func changes(kind string) func(*scrape, *sink) {
	return func(s *scrape, out *sink) {
		out.count(s.Changes[kind].OK, "ok")
		out.count(s.Changes[kind].Failed, "failed")
	}
}

func buildInfo(s *scrape, out *sink) { out.value(1, s.Name, s.Version, s.Legion, runtime.Version()) }
