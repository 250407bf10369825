package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/legion-go/legion/bench/pb"
)

// gopluginPeer is hashicorp/go-plugin with its gRPC protocol and default
// settings, but for the size of a message: what Go programs use today to run
// functions in processes of their own, hence the baseline.
type gopluginPeer struct{ procs int }

func (gopluginPeer) Name() string { return baseline }

func (p gopluginPeer) Procs() int { return p.procs }

// gopluginMost is the largest message, instead of 4 MiB.
const gopluginMost = 64 << 20

var gopluginHandshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "LEGION_BENCH", MagicCookieValue: "echo"}

var gopluginSet = plugin.PluginSet{"echo": gopluginEcho{}}

// gopluginEcho joins the echo service to go-plugin, at both ends.
type gopluginEcho struct{ plugin.NetRPCUnsupportedPlugin }

func (gopluginEcho) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	pb.RegisterEchoServer(s, grpcEcho{})
	return nil
}

func (gopluginEcho) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pb.NewEchoClient(conn), nil
}

func (p gopluginPeer) Serve() error {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: gopluginHandshake,
		Plugins:         gopluginSet,
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return plugin.DefaultGRPCServer(append(opts, grpc.MaxRecvMsgSize(gopluginMost)))
		},
		Logger: hclog.NewNullLogger(),
	})
	// Serve returns when the client has asked the plugin to leave, which is the
	// orderly end of this worker.
	os.Exit(0)
	return nil
}

func (p gopluginPeer) Open() (_ Session, err error) {
	cmd, err := workerCommand(p.Name(), p.procs)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+scratch) // its socket stays there if it is killed
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  gopluginHandshake,
		Plugins:          gopluginSet,
		Cmd:              cmd,
		SkipHostEnv:      true, // workerCommand has set the environment
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		Managed:          true, // for CleanupClients
		GRPCDialOptions:  []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(gopluginMost))},
	})
	defer func() {
		if err != nil {
			client.Kill()
			err = fmt.Errorf("starting a worker of %s: %w", p.Name(), err)
		}
	}()
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	echo, err := protocol.Dispense("echo")
	if err != nil {
		return nil, err
	}
	return &gopluginSession{grpcCalls{echo.(pb.EchoClient)}, client, cmd.Process.Pid}, nil
}

type gopluginSession struct {
	grpcCalls
	client *plugin.Client
	pid    int
}

func (s *gopluginSession) PIDs() []int { return []int{s.pid} }

func (s *gopluginSession) Close() error {
	s.client.Kill()
	return nil
}
