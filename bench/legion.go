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

func (p legionPeer) declare() legionDaemon {
	d := legion.New(legion.Config{Name: "bench", Logger: slog.New(slog.DiscardHandler)})
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

// Serve declares the same as the daemon. In a worker process Start never
// returns.
func (p legionPeer) Serve() error {
	d := p.declare()
	if err := d.Start(context.Background()); err != nil {
		return err
	}
	return errors.Join(errors.New("this is not a worker process of Legion"), d.Stop(context.Background()))
}

// Open starts a daemon. Its workers inherit the role, which leads them to
// Serve; all other peers' workers are given theirs explicitly.
func (p legionPeer) Open() (Session, error) {
	if err := os.Setenv(roleVar, p.name); err != nil {
		return nil, err
	}
	d := p.declare()
	if err := d.Start(context.Background()); err != nil {
		os.Unsetenv(roleVar)
		return nil, fmt.Errorf("starting a daemon: %w", err)
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
	var pids []int
	for _, pool := range []*legion.Supervisor{s.bytes.Pool(), s.read.Pool(), s.record.Pool()} {
		for _, w := range pool.Stats().Workers {
			pids = append(pids, w.PID)
		}
	}
	return pids
}

func (s *legionSession) Close() error {
	defer os.Unsetenv(roleVar)
	return s.Stop(context.Background())
}
