package main

import (
	"context"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/payload"
)

// reuseName names the peer that has targets of its own.
const reuseName = "legion-reuse"

// legionReusePeer is Legion where both sides use memory again, as raw does: the
// worker borrows its argument, and each caller gives the memory of its last
// result for the next one.
type legionReusePeer struct{}

func (legionReusePeer) Name() string { return reuseName }

func (legionReusePeer) Procs() int { return 1 }

type reuseDaemon struct {
	*legion.Daemon
	bytes *legion.Func[payload.Lent, []byte]
	read  *legion.Func[payload.Lent, []byte] // the worker reads all bytes
}

func (legionReusePeer) declare() reuseDaemon {
	d := newDaemon()
	opts := legion.Pool{Max: 1, Spawn: legion.Lazy}
	return reuseDaemon{
		Daemon: d,
		bytes:  legion.Worker(d, "bytes", func(_ context.Context, in payload.Lent) ([]byte, error) { return in, nil }, opts),
		read: legion.Worker(d, "read", func(_ context.Context, in payload.Lent) ([]byte, error) {
			readAll(in)
			return in, nil
		}, opts),
	}
}

func (p legionReusePeer) Serve() error { return serveDaemon(p.declare().Daemon) }

func (p legionReusePeer) Open() (Session, error) {
	d := p.declare()
	if err := startDaemon(p.Name(), d.Daemon); err != nil {
		return nil, err
	}
	return &reuseSession{d}, nil
}

type reuseSession struct{ reuseDaemon }

func (s *reuseSession) Bytes(p []byte) (Call, error) {
	ctx := context.Background()
	var answer []byte
	return func() error {
		if err := s.bytes.CallInto(ctx, p, &answer); err != nil {
			return err
		}
		return checkBytes(p, answer)
	}, nil
}

func (s *reuseSession) Touched(size int) (Call, error) {
	ctx := context.Background()
	source, p := newPayload(size), make([]byte, size)
	var answer []byte
	return func() error {
		copy(p, source)
		if err := s.read.CallInto(ctx, p, &answer); err != nil {
			return err
		}
		return checkAll(source, answer)
	}, nil
}

func (s *reuseSession) Record() (Call, error) { return nil, errNotCarried }

func (s *reuseSession) PIDs() []int { return workerPIDs(s.bytes.Pool(), s.read.Pool()) }

func (s *reuseSession) Close() error { return stopDaemon(s.Daemon) }
