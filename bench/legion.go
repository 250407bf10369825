package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/legion-go/legion"
)

func legionPeers() []Peer {
	return []Peer{
		legionPeer{subject, legion.SharedMemory},
		legionPeer{"legion-socket", legion.Socket},
		newLegionSmallPeer(),
	}
}

// legionPeer is Legion with the settings that a pool of one worker has by
// default, over one of its transports. The benchmark is the daemon.
type legionPeer struct {
	name      string
	transport legion.Transport
}

func (p legionPeer) Name() string { return p.name }

// Procs is Legion's own default: a worker that runs one call at a time has no
// use for more.
func (legionPeer) Procs() int { return 1 }

// legionDaemon is what daemon and worker declare alike.
type legionDaemon struct {
	*legion.Daemon
	bytes  *legion.Func[[]byte, []byte]
	read   *legion.Func[[]byte, []byte] // the worker reads all bytes
	record *legion.Func[Record, Record]
}

func (p legionPeer) declare() legionDaemon { return p.declareIn(newDaemon()) }

func (p legionPeer) declareIn(d *legion.Daemon) legionDaemon {
	// Lazy: the worker starts with the first call, and a function that a row does
	// not call has no worker.
	opts := legion.Pool{Max: 1, Spawn: legion.Lazy, Transport: p.transport}
	return legionDaemon{
		Daemon: d,
		bytes:  legion.Worker(d, "bytes", func(_ context.Context, in []byte) ([]byte, error) { return in, nil }, opts),
		read: legion.Worker(d, "read", func(_ context.Context, in []byte) ([]byte, error) {
			readAll(in)
			return in, nil
		}, opts),
		record: legion.Worker(d, "record", func(_ context.Context, in Record) (Record, error) { return in, nil }, opts),
	}
}

func (p legionPeer) Serve() error { return serveDaemon(p.declare().Daemon) }

func (p legionPeer) Open() (Session, error) {
	d := p.declare()
	if err := startDaemon(p.name, d.Daemon); err != nil {
		return nil, err
	}
	return &legionSession{d}, nil
}

type legionSession struct{ legionDaemon }

func (s *legionSession) Bytes(p []byte) (Call, error) {
	ctx := context.Background()
	return func() error {
		answer, err := s.bytes.Call(ctx, p)
		if err != nil {
			return err
		}
		return checkBytes(p, answer)
	}, nil
}

func (s *legionSession) Touched(size int) (Call, error) {
	ctx := context.Background()
	source, p := newPayload(size), make([]byte, size)
	return func() error {
		copy(p, source)
		answer, err := s.read.Call(ctx, p)
		if err != nil {
			return err
		}
		return checkAll(source, answer)
	}, nil
}

func (s *legionSession) Record() (Call, error) {
	ctx := context.Background()
	in := newRecord()
	return func() error {
		out, err := s.record.Call(ctx, *in)
		if err != nil {
			return err
		}
		return checkRecord(out.ID, len(out.Items), len(out.Nums))
	}, nil
}

func (s *legionSession) PIDs() []int {
	return workerPIDs(s.bytes.Pool(), s.read.Pool(), s.record.Pool())
}

func (s *legionSession) Close() error { return stopDaemon(s.Daemon) }

// newDaemon is a daemon with nothing but defaults.
func newDaemon() *legion.Daemon {
	return legion.New(legion.Config{Name: "bench", Logger: slog.New(slog.DiscardHandler)})
}

// startDaemon starts the daemon of a peer. Its workers inherit the role, which
// leads them to Serve; all other peers' workers are given theirs explicitly.
func startDaemon(peer string, d *legion.Daemon) error {
	if err := os.Setenv(roleVar, peer); err != nil {
		return err
	}
	if err := d.Start(context.Background()); err != nil {
		os.Unsetenv(roleVar)
		return fmt.Errorf("starting a daemon: %w", err)
	}
	return nil
}

// serveDaemon is for worker processes, which declare the same as the daemon. In
// them Start never returns.
func serveDaemon(d *legion.Daemon) error {
	if err := d.Start(context.Background()); err != nil {
		return err
	}
	return errors.Join(errors.New("this is not a worker process of Legion"), d.Stop(context.Background()))
}

func stopDaemon(d *legion.Daemon) error {
	defer os.Unsetenv(roleVar)
	return d.Stop(context.Background())
}

// workerPIDs are the processes of pools.
func workerPIDs(pools ...*legion.Supervisor) []int {
	var pids []int
	for _, pool := range pools {
		for _, w := range pool.Stats().Workers {
			pids = append(pids, w.PID)
		}
	}
	return pids
}
