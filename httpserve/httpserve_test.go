package httpserve_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/httpserve"
	"github.com/legion-go/legion/legiontest"
)

func newDaemon() *legion.Daemon {
	return legion.New(legion.Config{Name: "web", Control: "none", Logger: slog.New(slog.DiscardHandler), StopTimeout: 40 * time.Second})
}

// client is one connection, on which a test chooses each byte.
type client struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, addr net.Addr) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) say(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Error(err)
	}
}

// hear reads an answer, and reports whether it tells the client to go.
func (c *client) hear() (body string, leave bool) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Error(err)
		return "", false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
	}
	return string(b), resp.Close
}

func (c *client) ended() {
	c.t.Helper()
	if b, err := io.ReadAll(c.in); err != nil || len(b) > 0 {
		c.t.Errorf("instead of the end comes %q, %v", b, err)
	}
}

// refused waits until a listener is closed.
func refused(ln net.Listener) {
	for {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			return
		}
		_ = c.Close()
	}
}

const request = "GET / HTTP/1.1\r\nHost: web\r\n\r\n"

// A stop with connections in each possible state. All exist at the same time:
// none holds up the others.
func TestStop(t *testing.T) {
	legiontest.CheckLeaks(t)
	const lameDuck = time.Second
	working, finish := make(chan struct{}), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush() // the header, which does not yet tell the client to go
		close(working)
		select {
		case <-finish:
			fmt.Fprint(w, "done")
		case <-r.Context().Done():
			fmt.Fprint(w, "given up")
		}
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = c.Close() })
		fmt.Fprint(c, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\n\r\n")
	})
	states := make(chan http.ConnState, 1000)
	d := newDaemon()
	ln := httpserve.Serve(d, "tcp", "127.0.0.1:0", &http.Server{Handler: mux, ConnState: func(_ net.Conn, s http.ConnState) { states <- s }},
		httpserve.Options{LameDuck: lameDuck})
	legiontest.Start(t, d)

	silent, half, kept, idle, slow, hijacked := dial(t, ln.Addr()), dial(t, ln.Addr()), dial(t, ln.Addr()), dial(t, ln.Addr()), dial(t, ln.Addr()), dial(t, ln.Addr())
	half.say(request[:20])
	for _, c := range []*client{kept, idle} {
		c.say(request)
		if body, leave := c.hear(); body != "hello" || leave {
			t.Errorf("before the stop comes %q, leave %v", body, leave)
		}
	}
	slow.say(strings.Replace(request, "/", "/slow", 1))
	<-working
	hijacked.say("GET /hijack HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	if line, err := hijacked.in.ReadString('\n'); err != nil || !strings.Contains(line, "101") {
		t.Errorf("the answer to an upgrade: %q, %v", line, err)
	}

	stopped := make(chan error, 1)
	go func() { stopped <- d.Stop(context.Background()) }()
	refused(ln)
	for leave := false; !leave && !t.Failed(); { // the server sees the end of its listener a moment later
		kept.say(request)
		var body string
		if body, leave = kept.hear(); body != "hello" {
			t.Errorf("a request during the stop: %q, leave %v", body, leave)
		}
	}
	kept.ended()
	half.say(request[20:])
	if body, leave := half.hear(); body != "hello" || !leave {
		t.Errorf("a request that was half there: %q, leave %v", body, leave)
	}
	half.ended()
	silent.ended()
	idle.ended()
	select {
	case err := <-stopped:
		t.Errorf("it has stopped (%v) before a request was done", err)
	default:
	}
	close(finish)
	if body, _ := slow.hear(); body != "done" {
		t.Errorf("a request that took long: %q", body)
	}
	slow.say(request) // nothing has told it to go
	if body, leave := slow.hear(); body != "hello" || !leave {
		t.Errorf("the request after: %q, leave %v", body, leave)
	}
	slow.ended()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if len(states) == 0 {
		t.Error("the server's own ConnState was not called")
	}
	_ = hijacked.Close()
}

// Clients of HTTP/2 are served while the server leaves.
func TestStopOfHTTP2(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := newDaemon()
	cert, key := certificate(t)
	ln := httpserve.Serve(d, "tcp", "127.0.0.1:0", &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto)
	})}, httpserve.Options{CertFile: cert, KeyFile: key})
	legiontest.Start(t, d)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	get := func() {
		t.Helper()
		resp, err := c.Post("https://"+ln.Addr().String(), "text/plain", io.NopCloser(strings.NewReader("x"))) // cannot be sent twice
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "HTTP/2.0" {
			t.Errorf("the answer is %q, %v", b, err)
		}
	}
	get()
	stopped := make(chan error, 1)
	go func() { stopped <- d.Stop(context.Background()) }()
	refused(ln)
	get() // on the connection that is there
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// Mistakes are reported when the server is declared, or at the start.
func TestMistakes(t *testing.T) {
	for name, declare := range map[string]func(*legion.Daemon){
		"is nil": func(d *legion.Daemon) { httpserve.Serve(d, "tcp", ":0", nil, httpserve.Options{}) },
		"must not be negative": func(d *legion.Daemon) {
			httpserve.Serve(d, "tcp", ":0", &http.Server{}, httpserve.Options{LameDuck: -1})
		},
		"write 5*time.Second": func(d *legion.Daemon) {
			httpserve.Serve(d, "tcp", ":0", &http.Server{}, httpserve.Options{LameDuck: 5})
		},
		"both": func(d *legion.Daemon) {
			httpserve.Serve(d, "tcp", ":0", &http.Server{}, httpserve.Options{CertFile: "x"})
		},
		"use tcp, tcp4, tcp6": func(d *legion.Daemon) { httpserve.Serve(d, "udp", ":0", &http.Server{}, httpserve.Options{}) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, name) {
					t.Errorf("it panics with %s", said)
				}
			}()
			declare(newDaemon())
		})
	}
	d := newDaemon()
	httpserve.Serve(d, "tcp", "127.0.0.1:0", &http.Server{}, httpserve.Options{CertFile: "/nonexistent/cert", KeyFile: "/nonexistent/key"})
	if err := d.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "/nonexistent/cert") {
		t.Errorf("Start without the certificate: %v", err)
	}
}
