package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/legion-go/legion/bench/pb"
)

// grpcPeer is grpc-go with protobuf over a Unix socket: default settings, one
// connection for all callers.
type grpcPeer struct{ procs int }

func (grpcPeer) Name() string { return "grpc-go" }

func (p grpcPeer) Procs() int { return p.procs }

// grpcEcho is the service of both gRPC peers.
type grpcEcho struct{ pb.UnimplementedEchoServer }

func (grpcEcho) EchoBytes(_ context.Context, in *pb.Bytes) (*pb.Bytes, error) {
	return &pb.Bytes{Data: in.Data}, nil
}

func (grpcEcho) EchoRecord(_ context.Context, in *pb.Record) (*pb.Record, error) { return in, nil }

func (p grpcPeer) Serve() error {
	ln, err := inheritedListener()
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	pb.RegisterEchoServer(server, grpcEcho{})
	return server.Serve(ln)
}

func (p grpcPeer) Open() (Session, error) {
	c, err := startChild(p.Name(), p.procs)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("unix:"+c.sock, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		c.stop()
		return nil, err
	}
	return &grpcSession{grpcCalls{pb.NewEchoClient(conn)}, c, conn}, nil
}

type grpcSession struct {
	grpcCalls
	child *child
	conn  *grpc.ClientConn
}

func (s *grpcSession) PIDs() []int { return []int{s.child.pid()} }

func (s *grpcSession) Close() error {
	err := s.conn.Close()
	s.child.stop()
	return err
}

// grpcCalls are the callers of both gRPC peers.
type grpcCalls struct{ client pb.EchoClient }

func (g grpcCalls) Bytes(p []byte) (Call, error) {
	ctx := context.Background()
	return func() error {
		answer, err := g.client.EchoBytes(ctx, &pb.Bytes{Data: p})
		if err != nil {
			return err
		}
		return checkBytes(p, answer.Data)
	}, nil
}

// Record sends the generated message as it is, without converting from and to a
// Go struct: the peer's best case.
func (g grpcCalls) Record() (Call, error) {
	ctx := context.Background()
	in := newMessage(newRecord())
	return func() error {
		answer, err := g.client.EchoRecord(ctx, in)
		if err != nil {
			return err
		}
		return checkRecord(answer.Id, len(answer.Items), len(answer.Nums))
	}, nil
}

// newMessage is r as a protobuf message.
func newMessage(r *Record) *pb.Record {
	m := &pb.Record{
		Id: r.ID, Name: r.Name, Blob: r.Blob, Labels: r.Labels, At: timestamppb.New(r.At),
		Score: r.Score, Active: r.Active, Flags: r.Flags, Nums: r.Nums,
	}
	for _, it := range r.Items {
		m.Items = append(m.Items, &pb.Item{Name: it.Name, Qty: it.Qty, Price: it.Price})
	}
	return m
}
