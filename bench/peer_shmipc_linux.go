//go:build amd64 || arm64

package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/cloudwego/shmipc-go"
)

func shmipcPeers(procs int) []Peer { return []Peer{shmipcPeer{procs}} }

// shmipcPeer is cloudwego/shmipc-go: messages in shared memory, events over a
// Unix socket. It is a transport without ids, codec, cancelling or deadline:
// here each caller has a stream of its own and sends a frame of length and
// bytes. Both sides look at their payload in the shared memory, where it lies
// in one piece, and give it back after use. All settings are the defaults, but
// for the memory, which has no name in the file system.
type shmipcPeer struct{ procs int }

func (shmipcPeer) Name() string { return shmipcName }

func (p shmipcPeer) Procs() int { return p.procs }

// shmipcConfig is that of both sides.
func shmipcConfig() *shmipc.Config {
	c := shmipc.DefaultConfig()
	c.MemMapType = shmipc.MemMapTypeMemFd
	c.LogOutput = io.Discard
	return c
}

func (p shmipcPeer) Serve() error {
	shmipc.SetLogLevel(5) // nothing
	ln, err := inheritedListener()
	if err != nil {
		return err
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		session, err := shmipc.Server(conn, shmipcConfig())
		if err != nil {
			return err
		}
		go shmipcServe(session)
	}
}

// shmipcServe echoes on every stream of the session.
func shmipcServe(session *shmipc.Session) {
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			return
		}
		go shmipcEcho(stream)
	}
}

func shmipcEcho(stream *shmipc.Stream) {
	for {
		p, err := shmipcReceive(stream)
		if err != nil || shmipcSend(stream, p) != nil {
			return
		}
		stream.BufferReader().ReleasePreviousRead()
	}
}

// shmipcSend sends one frame.
func shmipcSend(stream *shmipc.Stream, p []byte) error {
	w := stream.BufferWriter()
	header, err := w.Reserve(4)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(header, uint32(len(p)))
	if _, err := w.WriteBytes(p); err != nil {
		return err
	}
	return stream.Flush(false)
}

// shmipcReceive waits for one frame. The bytes are valid until
// ReleasePreviousRead.
func shmipcReceive(stream *shmipc.Stream) ([]byte, error) {
	header, err := stream.BufferReader().ReadBytes(4)
	if err != nil {
		return nil, err
	}
	return stream.BufferReader().ReadBytes(int(binary.LittleEndian.Uint32(header)))
}

func (p shmipcPeer) Open() (Session, error) {
	shmipc.SetLogLevel(5)
	c, err := startChild(p.Name(), p.procs)
	if err != nil {
		return nil, err
	}
	config := shmipc.DefaultSessionManagerConfig()
	config.Config = shmipcConfig()
	config.InitializeTimeout = 10 * time.Second // the worker's start is part of it
	config.Network, config.Address = "unix", c.sock
	manager, err := shmipc.NewSessionManager(config)
	if err != nil {
		c.stop()
		return nil, err
	}
	return &shmipcSession{c, manager}, nil
}

type shmipcSession struct {
	*child
	manager *shmipc.SessionManager
}

func (s *shmipcSession) Bytes(p []byte) (Call, error) {
	stream, err := s.manager.GetStream()
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := shmipcSend(stream, p); err != nil {
			return err
		}
		answer, err := shmipcReceive(stream)
		if err != nil {
			return err
		}
		err = checkBytes(p, answer)
		stream.BufferReader().ReleasePreviousRead()
		return err
	}, nil
}

func (s *shmipcSession) Record() (Call, error) { return nil, errNotCarried }

func (s *shmipcSession) PIDs() []int { return []int{s.pid()} }

func (s *shmipcSession) Close() error {
	err := s.manager.Close()
	s.stop()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}
