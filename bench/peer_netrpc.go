package main

import (
	"net/rpc"
)

// netrpcPeer is the standard library's net/rpc (gob) with one connection for
// all callers.
type netrpcPeer struct{ procs int }

func (netrpcPeer) Name() string { return "net/rpc" }

func (p netrpcPeer) Procs() int { return p.procs }

// netrpcEcho is the service; net/rpc requires exported methods of this form.
type netrpcEcho struct{}

func (netrpcEcho) Bytes(in *[]byte, out *[]byte) error { *out = *in; return nil }

func (netrpcEcho) Record(in *Record, out *Record) error { *out = *in; return nil }

func (p netrpcPeer) Serve() error {
	ln, err := inheritedListener()
	if err != nil {
		return err
	}
	if err := rpc.RegisterName("Echo", netrpcEcho{}); err != nil {
		return err
	}
	rpc.Accept(ln)
	return nil
}

func (p netrpcPeer) Open() (Session, error) {
	c, err := startChild(p.Name(), p.procs)
	if err != nil {
		return nil, err
	}
	conn, err := c.dial()
	if err != nil {
		c.stop()
		return nil, err
	}
	return &netrpcSession{c, rpc.NewClient(conn)}, nil
}

type netrpcSession struct {
	*child
	client *rpc.Client
}

func (s *netrpcSession) Bytes(p []byte) (Call, error) {
	return func() error {
		var answer []byte
		if err := s.client.Call("Echo.Bytes", &p, &answer); err != nil {
			return err
		}
		return checkBytes(p, answer)
	}, nil
}

func (s *netrpcSession) Record() (Call, error) {
	in := newRecord()
	return func() error {
		var out Record
		if err := s.client.Call("Echo.Record", in, &out); err != nil {
			return err
		}
		return checkRecord(out.ID, len(out.Items), len(out.Nums))
	}, nil
}

func (s *netrpcSession) PIDs() []int { return []int{s.pid()} }

func (s *netrpcSession) Close() error {
	err := s.client.Close()
	s.stop()
	return err
}
