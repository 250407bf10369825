package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// controlVar tells the daemon, and its workers, the address of the control
// socket.
const controlVar = "LEGION_BENCH_CONTROL"

// serveControl is a daemon with a pool of two workers, which idle. It says on
// the inherited socket when it is ready.
func serveControl() error {
	if os.Getenv(controlVar) == "" { // this is the daemon, not a worker of it
		ln, err := inheritedListener()
		if err != nil {
			return err
		}
		os.Setenv(controlVar, controlSocket(ln.Addr().String()))
		defer ln.Close()
		os.Setenv(roleVar, "legion-client") // leads the workers here
		d := declareControl()
		if err := d.Start(context.Background()); err != nil {
			return err
		}
		for {
			conn, err := ln.Accept()
			if err != nil {
				return errors.Join(err, d.Stop(context.Background()))
			}
			conn.Close() // an answer shows that the daemon is ready
		}
	}
	d := declareControl()
	return errors.Join(d.Start(context.Background()), errors.New("this is not a worker process of Legion"))
}

func declareControl() *legion.Daemon {
	d := legion.New(legion.Config{Name: "bench", Logger: slog.New(slog.DiscardHandler), Control: "unix://" + os.Getenv(controlVar)})
	legion.Worker(d, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil }, legion.Pool{Min: 2, Max: 2})
	legion.Method(d, "bench.heap", "The bytes of the heap, garbage included, unless it is collected first.", heapBytes, legion.Allow(legion.RoleRead))
	return d
}

type heapParams struct {
	Collect bool `json:"collect,omitempty"`
}

func heapBytes(_ context.Context, p heapParams) (uint64, error) {
	if p.Collect {
		runtime.GC()
	}
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64(), nil
}

// controlSocket is the control socket that belongs to a child's own socket.
func controlSocket(sock string) string { return filepath.Join(filepath.Dir(sock), "control") }

// awaitControl waits until the daemon has said on its own socket that it is
// ready.
func awaitControl(sock string) error {
	conn, err := net.Dial("unix", sock)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("waiting for the daemon to start: %w", err)
	}
	return nil
}

// dialClient is Legion's own client: the line protocol.
func dialClient(sock string) (asker, io.Closer, error) {
	c, err := newClient(sock)
	if err != nil {
		return nil, nil, err
	}
	return func(method string) ([]byte, error) {
		var result json.RawMessage
		err := c.Call(context.Background(), method, nil, &result)
		return result, err
	}, c, nil
}

func newClient(sock string) (*client.Client, error) {
	if err := awaitControl(sock); err != nil {
		return nil, err
	}
	return client.Dial(context.Background(), "unix://"+controlSocket(sock), client.Options{})
}

// dialHTTP is net/http with a connection that is kept.
func dialHTTP(sock string) (asker, io.Closer, error) {
	if err := awaitControl(sock); err != nil {
		return nil, nil, err
	}
	web := newWeb(controlSocket(sock))
	return func(method string) ([]byte, error) {
		body, err := web.post("application/json", []byte(`{"jsonrpc":"2.0","id":1,"method":"`+method+`"}`))
		if err != nil {
			return nil, err
		}
		var answer struct {
			Result, Error json.RawMessage
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		if answer.Error != nil {
			return nil, fmt.Errorf("%s: %s", method, answer.Error)
		}
		return answer.Result, nil
	}, web, nil
}

// web is a client of HTTP over a Unix socket.
type web struct{ http.Client }

func newWeb(sock string) *web {
	var d net.Dialer
	return &web{http.Client{Transport: &http.Transport{
		MaxConnsPerHost:    1,
		DisableCompression: true,
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", sock) },
	}}}
}

func (w *web) post(media string, body []byte) ([]byte, error) {
	answer, err := w.Post("http://localhost/RPC2", media, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200q", answer.Status, b)
	}
	return b, err
}

func (w *web) Close() error {
	w.CloseIdleConnections()
	return nil
}
