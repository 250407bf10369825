package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// rawPeer is the lower bound for a socket: a frame of length and bytes,
// one connection and one goroutine per caller, no ids, no codec, no cancelling,
// buffers used again and again.
type rawPeer struct{ procs int }

// rawName names the peer that the payload curve is compared with.
const rawName = "raw"

func (rawPeer) Name() string { return rawName }

func (p rawPeer) Procs() int { return p.procs }

const (
	rawHeader = 4       // length of what follows, little endian
	rawRead   = 1 << 31 // in the length: the worker shall read all bytes
)

func (p rawPeer) Serve() error {
	ln, err := inheritedListener()
	if err != nil {
		return err
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go rawEcho(conn)
	}
}

// rawEcho sends every frame back until the connection ends. A caller waits for
// its answer before it sends again, so the buffer never holds more than one
// frame.
func rawEcho(conn net.Conn) {
	defer conn.Close()
	var buf []byte
	for {
		frame, err := readFrame(conn, buf)
		if err != nil {
			return
		}
		if binary.LittleEndian.Uint32(frame)&rawRead != 0 {
			readAll(frame[rawHeader:])
		}
		if _, err := conn.Write(frame); err != nil {
			return
		}
		buf = frame
	}
}

// readFrame reads one frame with its header into buf, grown if need be: one
// read for a small frame.
func readFrame(r io.Reader, buf []byte) ([]byte, error) {
	buf = buf[:cap(buf)]
	if len(buf) < rawHeader {
		buf = make([]byte, 4096)
	}
	n, err := io.ReadAtLeast(r, buf, rawHeader)
	if err != nil {
		return nil, err
	}
	total := rawHeader + int(binary.LittleEndian.Uint32(buf)&^rawRead)
	if n > total {
		return nil, fmt.Errorf("reading a frame: %d bytes beyond its %d", n-total, total)
	}
	if total > len(buf) {
		buf = append(make([]byte, 0, total), buf[:n]...)
	}
	_, err = io.ReadFull(r, buf[n:total])
	return buf[:total], err
}

func (p rawPeer) Open() (Session, error) {
	c, err := startChild(p.Name(), p.procs)
	if err != nil {
		return nil, err
	}
	return &rawSession{child: c}, nil
}

type rawSession struct {
	*child
	mu    sync.Mutex
	conns []net.Conn
}

func (s *rawSession) Bytes(p []byte) (Call, error) {
	frame := append(binary.LittleEndian.AppendUint32(nil, uint32(len(p))), p...)
	return s.caller(frame, func() {}, func(answer []byte) error { return checkBytes(p, answer) })
}

func (s *rawSession) Touched(size int) (Call, error) {
	p := newPayload(size)
	frame := append(binary.LittleEndian.AppendUint32(nil, uint32(size)|rawRead), p...)
	return s.caller(frame, func() { copy(frame[rawHeader:], p) }, func(answer []byte) error { return checkAll(p, answer) })
}

// caller has a connection of its own. It fills the frame before each call, and
// checks the answer.
func (s *rawSession) caller(frame []byte, fill func(), check func(answer []byte) error) (Call, error) {
	conn, err := s.dial()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.conns = append(s.conns, conn)
	s.mu.Unlock()
	answer := make([]byte, len(frame))
	return func() error {
		fill()
		if _, err := conn.Write(frame); err != nil {
			return err
		}
		var err error
		if answer, err = readFrame(conn, answer); err != nil {
			return err
		}
		return check(answer[rawHeader:])
	}, nil
}

func (s *rawSession) Record() (Call, error) { return nil, errNotCarried }

func (s *rawSession) PIDs() []int { return []int{s.pid()} }

func (s *rawSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, conn := range s.conns {
		errs = append(errs, conn.Close())
	}
	s.conns = nil
	s.stop()
	return errors.Join(errs...)
}
