package main

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Row is one workload: one table of the output.
type Row struct {
	Name    string
	About   string
	Columns []Metric // what the table shows
	Versus  []Versus // the comparisons that it shows, too

	Peers func(procs int) []Peer // the peers that take part; nil = allPeers

	measure func(p Peer, c Config) (Sample, error)
}

// Config says how long each measurement takes.
type Config struct {
	Dur    time.Duration // closed loops
	Paced  time.Duration // the paced row
	Idle   time.Duration // how long an idle worker is watched
	Spawns int           // fresh processes per measurement
}

// peers are the peers that take part.
func (r Row) peers(procs int) []Peer {
	if r.Peers == nil {
		return allPeers(procs)
	}
	return r.Peers(procs)
}

// allRows lists the rows in the order of the output.
func allRows() []Row {
	rows := []Row{
		bytesRow(64, 1, nil, versus(baseline, P50, Rate)),
		bytesRow(64, 64, nil, versus(baseline, P50, Rate)),
		bytesRow(64, 1000, nil, versus(baseline, P50, Rate)),
	}
	rows = slices.Concat(rows, payloadRows(), touchedRows())
	rows = append(rows, recordRow(1), recordRow(64),
		Row{
			Name:    "paced",
			About:   "echo of 64 bytes, one caller, 1,000 calls/s",
			Columns: []Metric{P50, P99, Rate, CPU, WorkerShare, Allocs},
			Versus:  versus(baseline, P50, WorkerShare),
			measure: func(p Peer, c Config) (Sample, error) {
				return withCallers(p, 1, bytesCaller(64), c.Dur/4, func(s Session, calls []Call) (Sample, error) {
					return paced(s, calls[0], time.Millisecond, c.Paced)
				})
			},
		},
		Row{
			Name:    "spawn",
			About:   "from nothing to the first answer of a fresh worker process",
			Columns: []Metric{P50, P99},
			Versus:  versus(baseline, P50),
			measure: prepared(func(p Peer, c Config) (Sample, error) { return spawn(p, c.Spawns) }),
		},
		Row{
			Name:    "idle",
			About:   "one worker process that has answered one call",
			Columns: []Metric{Private, PSS, WorkerShare},
			Versus:  versus(baseline, Private),
			measure: prepared(func(p Peer, c Config) (Sample, error) { return idle(p, c.Idle) }),
		})
	return slices.Concat(rows, []Row{neighbourRow()}, taskRows(), controlRows())
}

// prepared is measure for the rows about the life of a worker.
func prepared(measure func(Peer, Config) (Sample, error)) func(Peer, Config) (Sample, error) {
	return func(p Peer, c Config) (Sample, error) {
		if l, is := p.(lifePeer); is {
			if err := l.Prepare(); err != nil {
				return nil, err
			}
		}
		return measure(p, c)
	}
}

// chooseRows picks the rows whose name matches.
func chooseRows(all []Row, pattern string) ([]Row, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("choosing rows: %w", err)
	}
	var chosen []Row
	for _, r := range all {
		if re.MatchString(r.Name) {
			chosen = append(chosen, r)
		}
	}
	if chosen == nil {
		return nil, fmt.Errorf("choosing rows: none matches %q", pattern)
	}
	return chosen, nil
}

// newCaller prepares one caller of a session.
type newCaller func(Session) (Call, error)

func recordRow(callers int) Row {
	return Row{
		Name:    fmt.Sprintf("struct x%d", callers),
		About:   fmt.Sprintf("echo of a struct of ten fields, %s", plural(callers, "caller")),
		Columns: []Metric{P50, P99, Rate, CPU, WorkerCPU, Allocs},
		Versus:  versus(baseline, P50, Rate),
		measure: func(p Peer, c Config) (Sample, error) { return loop(p, callers, Session.Record, c) },
	}
}

// loop is a closed loop of callers with a worker process of its own.
func loop(p Peer, callers int, prepare newCaller, c Config) (Sample, error) {
	return withCallers(p, callers, prepare, c.Dur/4, func(s Session, calls []Call) (Sample, error) {
		return closedLoop(s, calls, c.Dur)
	})
}

// withCallers starts a worker process, prepares callers, lets them warm up and
// passes them to measure.
func withCallers(p Peer, n int, prepare newCaller, warm time.Duration, measure func(Session, []Call) (Sample, error)) (_ Sample, err error) {
	if _, is := p.(lifePeer); is {
		return nil, errNotCarried
	}
	s, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer closeSession(s, &err)
	calls := make([]Call, n)
	for i := range calls {
		if calls[i], err = prepare(s); err != nil {
			return nil, fmt.Errorf("preparing a caller: %w", err)
		}
	}
	if _, err := closedLoop(s, calls, warm); err != nil {
		return nil, err
	}
	return measure(s, calls)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
