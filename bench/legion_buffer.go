package main

import (
	"context"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/payload"
)

// bufferName names the peer that has targets of its own.
const bufferName = "legion-buffer"

// legionBufferPeer is Legion with memory that both sides share: nothing is
// copied. It takes part in the rows in which every byte is written and read.
type legionBufferPeer struct{}

func (legionBufferPeer) Name() string { return bufferName }

func (legionBufferPeer) Procs() int { return 1 }

type bufferDaemon struct {
	*legion.Daemon
	read *legion.Func[*payload.Buffer, *payload.Buffer]
}

func (legionBufferPeer) declare() bufferDaemon {
	d := newDaemon()
	return bufferDaemon{d, legion.Worker(d, "read", func(_ context.Context, in *payload.Buffer) (*payload.Buffer, error) {
		readAll(in.Bytes())
		return in, nil
	}, legion.Pool{Max: 1})}
}

func (p legionBufferPeer) Serve() error { return serveDaemon(p.declare().Daemon) }

func (p legionBufferPeer) Open() (Session, error) {
	d := p.declare()
	if err := startDaemon(p.Name(), d.Daemon); err != nil {
		return nil, err
	}
	return &bufferSession{d}, nil
}

type bufferSession struct{ bufferDaemon }

func (s *bufferSession) Touched(size int) (Call, error) {
	ctx := context.Background()
	source := newPayload(size)
	return func() error {
		b, err := s.read.Pool().NewBuffer(size)
		if err != nil {
			return err
		}
		copy(b.Bytes(), source)
		answer, err := s.read.Call(ctx, b)
		if err != nil {
			return err
		}
		defer answer.Release()
		return checkAll(source, answer.Bytes())
	}, nil
}

func (s *bufferSession) Bytes(p []byte) (Call, error) { return nil, errNotCarried }
func (s *bufferSession) Record() (Call, error)        { return nil, errNotCarried }

func (s *bufferSession) PIDs() []int { return workerPIDs(s.read.Pool()) }

func (s *bufferSession) Close() error { return stopDaemon(s.Daemon) }
