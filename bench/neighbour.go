package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/legion-go/legion"
)

// What the neighbour of a pool does without end. spins only takes a processor,
// so it shows how much of the others' cost is that.
const (
	undisturbed = "beside-nothing"
	spins       = "beside-spins"
	logs        = "beside-logs"
	prints      = "beside-prints"
	failing     = "beside-failures"
	deaths      = "beside-deaths"
	connects    = "beside-connects"
)

// neighbourRow is about calls of a pool while a worker of another pool of the
// same daemon does something without end.
func neighbourRow() Row {
	return Row{
		Name:    "neighbour",
		About:   "echo of 64 bytes, one caller, while another pool's worker floods the daemon",
		Columns: []Metric{P50, P99, Rate},
		Versus:  slices.Concat(versus(undisturbed, P50), versus(spins, P50)),
		Peers:   neighbourPeers,
		measure: func(p Peer, c Config) (Sample, error) {
			return withCallers(p, 1, bytesCaller(64), c.Dur, func(s Session, calls []Call) (Sample, error) {
				return closedLoop(s, calls, 4*c.Dur)
			})
		},
	}
}

// neighbourTargets are that a pool notices little of its neighbour. A worker
// that prints is never made to wait, so it takes a whole processor: what else
// it costs the pool is set beside that.
func neighbourTargets() (all []Target) {
	for kind, versus := range map[string]string{prints: spins, logs: undisturbed, failing: undisturbed, deaths: undisturbed, connects: undisturbed} {
		all = append(all, Target{Row: "neighbour", Of: kind, Metric: P50, Versus: versus, Limit: 2})
	}
	slices.SortFunc(all, func(a, b Target) int { return strings.Compare(a.Of, b.Of) })
	return all
}

func neighbourPeers(int) (all []Peer) {
	for _, kind := range []string{undisturbed, spins, logs, prints, failing, deaths, connects} {
		all = append(all, neighbourPeer{legionPeer{kind, legion.SharedMemory}})
	}
	return all
}

// neighbourPeer is a legionPeer with a second pool, of one worker, which does
// what its name says.
type neighbourPeer struct{ legionPeer }

func (p neighbourPeer) declare() legionDaemon {
	d := p.legionPeer.declareIn(legion.New(legion.Config{
		Name: "bench", Logger: slog.New(slog.DiscardHandler), Control: "unix://" + neighbourSocket(),
	}))
	if p.name != undisturbed {
		legion.NewWorkers(d.Daemon, "nuisance", func(context.Context) (*nuisance, error) { return &nuisance{p.name}, nil }, legion.Pool{MaxRestarts: -1})
	}
	return d
}

// neighbourSocket is in the folder of this run, which workers know as well.
func neighbourSocket() string { return filepath.Join(os.Getenv("RUNTIME_DIRECTORY"), "neighbour") }

func (p neighbourPeer) Serve() error { return serveDaemon(p.declare().Daemon) }

func (p neighbourPeer) Open() (Session, error) {
	d := p.declare()
	if err := startDaemon(p.name, d.Daemon); err != nil {
		return nil, err
	}
	return &legionSession{d}, nil
}

// nuisance is what its worker has, and its Loop what that does again and again.
type nuisance struct{ kind string }

func (n *nuisance) Loop(ctx context.Context) error {
	for ctx.Err() == nil {
		switch n.kind {
		case spins:
		case logs:
			legion.Logger(ctx).Info("a record", "of", "a flood")
		case prints:
			fmt.Println("a line of a flood")
		case failing:
			return errors.New("a failure of a flood")
		case deaths:
			os.Exit(1)
		case connects:
			conn, err := net.Dial("unix", neighbourSocket())
			if err != nil {
				return err
			}
			_ = conn.Close()
		}
	}
	return nil
}
