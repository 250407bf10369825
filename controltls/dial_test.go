package controltls

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/client"
)

func TestDialRefuses(t *testing.T) {
	daemons, strangers := newAuthority(t, "daemons"), newAuthority(t, "strangers")
	cert, key := daemons.issue("thumbs", dns("localhost"))
	addr, shaken := serve(t, Files(cert, key, ""))
	for _, test := range []struct{ ca, name, want string }{
		{strangers.file, "localhost", "none of the given authorities"},
		{"", "localhost", "none of the given authorities"}, // those of the system
		{daemons.file, "elsewhere", "give the name"},
		{daemons.file, "", "give the name"}, // 127.0.0.1
	} {
		_, err := Dial("", "", test.ca, test.name)(soon(t), "tcp", addr)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), addr) {
			t.Errorf("%+v: %v", test, err)
		}
		if s := receive(t, shaken); s.err == nil {
			t.Errorf("%+v: the daemon had no error", test)
		}
	}
	for _, dial := range []func(context.Context, string, string) (net.Conn, error){Dial(cert, "", "", ""), Dial("", key, "", "")} {
		if _, err := dial(soon(t), "tcp", addr); err == nil || !strings.Contains(err.Error(), "both or none") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := Dial("", "", "/nowhere", "")(soon(t), "tcp", addr); err == nil || !strings.Contains(err.Error(), "/nowhere") {
		t.Errorf("got %v", err)
	}
}

// The error says if the other side does not speak TLS, or does not answer.
func TestDialNoTLS(t *testing.T) {
	ca := newAuthority(t, "daemons").file
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	closed := make(chan struct{})
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte("220 hello there\r\n"))
		_, _ = io.Copy(io.Discard, conn)
		close(closed)
		defer conn.Close()
		if conn, err = l.Accept(); err == nil {
			defer conn.Close()
			_, _ = conn.Read(make([]byte, 1<<16))
			_, _ = conn.Read(make([]byte, 1))
		}
	}()
	dial := Dial("", "", ca, "localhost")
	if _, err := dial(soon(t), "tcp", l.Addr().String()); err == nil || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Errorf("got %v", err)
	}
	select {
	case <-closed:
	case <-time.After(hangGuard):
		t.Fatal("the connection was not closed")
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := dial(ctx, "tcp", l.Addr().String()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDialOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := Dial("", "", "", "")(soon(t), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := conn.(*net.UnixConn); !ok {
		t.Errorf("a Unix socket by %T", conn)
	}
	_ = conn.Close()
}

// A client and a daemon's side together.
func TestClient(t *testing.T) {
	daemons, clients := newAuthority(t, "daemons"), newAuthority(t, "clients")
	cert, key := daemons.issue("thumbs", func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	config := Files(cert, key, clients.file)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(hangGuard))
			if secure, names, err := config.Server(context.Background(), conn); err == nil {
				in := bufio.NewScanner(secure)
				for id := 1; in.Scan(); id++ {
					fmt.Fprintf(secure, `{"jsonrpc":"2.0","id":%d,"result":{"name":%q,"protocol":1}}`+"\n", id, names[0])
				}
				if errors.Is(in.Err(), bufio.ErrTooLong) { // a connection may break
					t.Error("a request is too long for the server")
				}
			}
			_ = conn.Close()
		}
	}()
	defer func() { _ = l.Close(); <-done }()

	address := "tcp://" + l.Addr().String()
	mine, private := clients.issue("ops")
	c, err := client.Dial(soon(t), address, client.Options{DialContext: Dial(mine, private, daemons.file, "")})
	if err != nil {
		t.Fatal(err)
	}
	var who struct{ Name string }
	var lower struct {
		Name string `json:"name"`
	}
	if err := c.Call(soon(t), "daemon.hello", nil, &lower); err != nil || lower.Name != "ops" {
		t.Errorf("%+v, %v", lower, err)
	}
	if err := c.Call(soon(t), "daemon.hello", nil, &who); err != nil || who.Name != "" {
		t.Errorf("names are case-sensitive: %+v, %v", who, err)
	}
	_ = c.Close()

	_, err = client.Dial(soon(t), address, client.Options{DialContext: Dial("", "", daemons.file, "")})
	if err == nil || !strings.Contains(err.Error(), "certificate") && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("without a certificate: %v", err)
	}
	_ = l.Close()
	_, err = client.Dial(soon(t), address, client.Options{DialContext: Dial("", "", daemons.file, "")})
	if e, ok := errors.AsType[*client.NotRunningError](err); !ok || e.Address != address {
		t.Errorf("no process listens: %v", err)
	}
}
