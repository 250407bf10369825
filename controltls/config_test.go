package controltls

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/testkit"
)

var _ legion.ControlTLS = (*Config)(nil)

// hangGuard limits steps that should be quick; it measures nothing.
const hangGuard = 30 * time.Second

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), hangGuard)
	t.Cleanup(cancel)
	return ctx
}

// shaken is the result of a handshake at the server.
type shaken struct {
	conn  net.Conn
	names []string
	err   error
}

// serve does handshakes, one after the other, and echoes what it reads.
func serve(t *testing.T, c *Config) (addr string, done <-chan shaken) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan shaken, 10)
	var tasks sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); tasks.Wait() })
	tasks.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			tasks.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(hangGuard))
				secure, names, err := c.Server(context.Background(), conn)
				results <- shaken{secure, names, err}
				if err == nil {
					_, _ = io.Copy(secure, secure)
				}
			})
		}
	})
	return l.Addr().String(), results
}

// echoed dials, sends a word and reads it back.
func echoed(t *testing.T, addr string, dial func(context.Context, string, string) (net.Conn, error)) (net.Conn, error) {
	t.Helper()
	conn, err := dial(soon(t), "tcp", addr)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(hangGuard))
	return conn, echo(conn)
}

func echo(conn net.Conn) error {
	if _, err := conn.Write([]byte("word")); err != nil {
		return err
	}
	b := make([]byte, 4)
	if _, err := io.ReadFull(conn, b); err != nil {
		return err
	}
	if string(b) != "word" {
		return errors.New("another word came back: " + string(b))
	}
	return nil
}

func receive(t *testing.T, from <-chan shaken) shaken {
	t.Helper()
	select {
	case s := <-from:
		return s
	case <-time.After(hangGuard):
		t.Fatal("no handshake")
		panic("")
	}
}

func TestClientCertificates(t *testing.T) {
	daemons, clients, strangers := newAuthority(t, "daemons"), newAuthority(t, "clients"), newAuthority(t, "strangers")
	cert, key := daemons.issue("thumbs", dns("localhost"))
	addr, shaken := serve(t, Files(cert, key, clients.file))

	for _, test := range []struct {
		name  string
		from  *authority
		cert  string
		with  []func(*x509.Certificate)
		names []string // nil: it is refused
		fails string   // in the server's error
	}{
		{"good", clients, "ops", nil, []string{"ops"}, ""},
		{"more names", clients, "ops", []func(*x509.Certificate){dns("deploy", "ops", "cron")}, []string{"ops", "deploy", "cron"}, ""},
		{"another authority", strangers, "ops", nil, nil, "unknown authority"},
		{"expired", clients, "ops", []func(*x509.Certificate){expired}, nil, "expired"},
		{"of a server", clients, "ops", []func(*x509.Certificate){only(x509.ExtKeyUsageServerAuth)}, nil, "replace its certificate"},
		{"by itself", nil, "", nil, nil, "didn't provide a certificate"},
	} {
		var c, k string
		if test.from != nil {
			c, k = test.from.issue(test.cert, test.with...)
		}
		conn, err := echoed(t, addr, Dial(c, k, daemons.file, "localhost"))
		s := receive(t, shaken)
		if test.names == nil {
			if err == nil || s.err == nil || s.conn != nil || s.names != nil || !strings.Contains(s.err.Error(), test.fails) {
				t.Errorf("%s: the client has %v, the daemon %v, names %q", test.name, err, s.err, s.names)
			}
			continue
		}
		if err != nil || s.err != nil || !slices.Equal(s.names, test.names) {
			t.Errorf("%s: the client has %v, the daemon %v, names %q", test.name, err, s.err, s.names)
			continue
		}
		if state := conn.(*tls.Conn).ConnectionState(); state.Version != tls.VersionTLS13 {
			t.Errorf("%s: it is %s", test.name, tls.VersionName(state.Version))
		}
	}
}

// Without authorities for clients no client has a name, whatever its
// certificate.
func TestNoClientCertificates(t *testing.T) {
	daemons := newAuthority(t, "daemons")
	cert, key := daemons.issue("thumbs", dns("localhost"))
	addr, shaken := serve(t, Files(cert, key, ""))
	c, k := daemons.issue("ops")
	for _, dial := range []func(context.Context, string, string) (net.Conn, error){
		Dial("", "", daemons.file, "localhost"), Dial(c, k, daemons.file, "localhost"),
	} {
		_, err := echoed(t, addr, dial)
		if s := receive(t, shaken); err != nil || s.err != nil || s.names != nil {
			t.Errorf("the client has %v, the daemon %v, names %q", err, s.err, s.names)
		}
	}
}

func TestVersions(t *testing.T) {
	daemons := newAuthority(t, "daemons")
	cert, key := daemons.issue("thumbs", dns("localhost"))
	addr, shaken := serve(t, Files(cert, key, daemons.file))
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := loadPool(daemons.file)
	if err != nil {
		t.Fatal(err)
	}
	for version, good := range map[uint16]bool{tls.VersionTLS13: true, tls.VersionTLS12: true, tls.VersionTLS11: false} {
		config := &tls.Config{
			RootCAs: pool, ServerName: "localhost", Certificates: []tls.Certificate{pair}, ClientSessionCache: tls.NewLRUClientSessionCache(1),
			MinVersion: tls.VersionTLS10, MaxVersion: version,
		}
		for range 2 {
			dialer := tls.Dialer{Config: config}
			conn, err := echoed(t, addr, dialer.DialContext)
			if s := receive(t, shaken); (err == nil) != good || (s.err == nil) != good {
				t.Errorf("%s: the client has %v, the daemon %v", tls.VersionName(version), err, s.err)
			}
			if err == nil && conn.(*tls.Conn).ConnectionState().DidResume {
				t.Errorf("%s: a session was resumed", tls.VersionName(version))
			}
		}
	}
}

// The end of the context ends a handshake with a silent client.
func TestHandshakeContext(t *testing.T) {
	daemons := newAuthority(t, "daemons")
	c := Files(daemons.files("thumbs"))
	ours, theirs := net.Pipe()
	defer theirs.Close()
	defer ours.Close()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Millisecond, cancel)
	if _, _, err := c.Server(ctx, ours); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// files has the paths for Files.
func (a *authority) files(name string) (cert, key, ca string) {
	cert, key = a.issue(name, dns("localhost"))
	return cert, key, a.file
}

// due makes the next handshake look at the files.
func (c *Config) due() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = c.looked.Add(-lookEvery)
}

func TestFilesChange(t *testing.T) {
	before, after := newAuthority(t, "before"), newAuthority(t, "after")
	dir := t.TempDir()
	cert, key, ca := filepath.Join(dir, "crt"), filepath.Join(dir, "key"), filepath.Join(dir, "ca")
	before.issueTo(cert, key, "one", dns("localhost"))
	write(t, ca, "CERTIFICATE", before.cert.Raw, 0o644)
	log := new(testkit.Log)
	c := Files(cert, key, ca)
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	addr, shaken := serve(t, c)

	oldCert, oldKey := before.issue("ops")
	newCert, newKey := after.issue("ops")
	old, new := Dial(oldCert, oldKey, before.file, "localhost"), Dial(newCert, newKey, after.file, "localhost")
	check := func(when string, dial func(context.Context, string, string) (net.Conn, error), good bool) net.Conn {
		t.Helper()
		conn, err := echoed(t, addr, dial)
		if s := receive(t, shaken); (err == nil) != good || good && s.err != nil {
			t.Errorf("%s: the client has %v, the daemon %v", when, err, s.err)
		}
		return conn
	}
	first := check("at first", old, true)
	c.due()
	check("nothing has changed", old, true)

	next := filepath.Join(dir, "next")
	after.issueTo(next+".crt", next+".key", "two", dns("localhost"))
	rename(t, next+".crt", cert)
	c.due()
	check("the key is still the old one", old, true)
	c.due()
	check("and again", old, true)
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines in the log, want one for what cannot be used: %s", n, log.String())
	}
	rename(t, next+".key", key)
	write(t, ca, "CERTIFICATE", after.cert.Raw, 0o644)
	c.mu.Lock()
	c.looked = time.Now().Add(time.Hour) // as if the last look had been just now
	c.mu.Unlock()
	check("no handshake has looked yet", old, true)
	c.mu.Lock()
	c.looked = time.Now().Add(-lookEvery)
	c.mu.Unlock()
	check("everything is new", new, true)
	check("and the old authority gone", old, false)
	if err := echo(first); err != nil {
		t.Errorf("the first connection: %v", err)
	}

	// Missing or broken files change nothing, and Reload says so.
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if err := c.Reload(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	check("a file is missing", new, true)
	before.issueTo(cert, key, "three", dns("localhost"))
	write(t, ca, "CERTIFICATE", before.cert.Raw, 0o644)
	if err := c.Reload(t.Context()); err != nil {
		t.Errorf("got %v", err)
	}
	check("read at once", old, true)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestExpiredCertificateIsLogged(t *testing.T) {
	daemons := newAuthority(t, "daemons")
	cert, key := daemons.issue("thumbs", dns("localhost"), expired)
	log := new(testkit.Log)
	c := Files(cert, key, "")
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	if err := c.Reload(t.Context()); err != nil || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "expired") {
		t.Errorf("%v: %s", err, log.String())
	}
	addr, shaken := serve(t, c)
	_, err := echoed(t, addr, Dial("", "", daemons.file, "localhost"))
	if s := receive(t, shaken); err == nil || s.err == nil || !strings.Contains(err.Error(), "replace its certificate") || !strings.Contains(s.err.Error(), "refuses") {
		t.Errorf("the client has %v, the daemon %v", err, s.err)
	}
}

func TestFilesRefused(t *testing.T) {
	a := newAuthority(t, "daemons")
	cert, key := a.issue("thumbs")
	_, other := a.issue("other")
	text := filepath.Join(a.dir, "text")
	if err := os.WriteFile(text, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(a.dir, "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte("\n"), maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		c    *Config
		want []string
	}{
		{Files("", "", ""), []string{"certificate"}},
		{Files("/nowhere/crt", key, ""), []string{"the certificate", "/nowhere/crt"}},
		{Files(cert, "/nowhere/key", ""), []string{"the private key", "/nowhere/key"}},
		{Files(cert, key, "/nowhere/ca"), []string{"authorities", "/nowhere/ca"}},
		{Files(cert, key, text), []string{"authorities", text, "PEM"}},
		{Files(cert, key, key), []string{"authorities", key}},
		{Files(cert, other, ""), []string{cert, other, "does not match"}},
		{Files(text, key, ""), []string{text, "PEM"}},
		{Files(large, key, ""), []string{large, "bytes"}},
		{Files(a.dir, key, ""), []string{a.dir, "is not a file"}},
	} {
		err := test.c.Reload(t.Context())
		if err == nil {
			t.Errorf("%v: no error", test.want)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in %q", want, err)
			}
		}
		if _, _, err := test.c.Server(soon(t), nil); err == nil {
			t.Errorf("%v: a handshake without files", test.want)
		}
	}
}

func TestPrivateKeyMode(t *testing.T) {
	a := newAuthority(t, "daemons")
	cert, key := a.issue("thumbs")
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o440: true, 0o660: false, 0o644: false, 0o604: false, 0o601: false, 0o650: false} {
		if err := os.Chmod(key, mode); err != nil {
			t.Fatal(err)
		}
		err := Files(cert, key, "").Reload(t.Context())
		_, dialled := Dial(cert, key, "", "")(soon(t), "tcp", "127.0.0.1:0")
		if good && (err != nil || strings.Contains(dialled.Error(), "mode")) {
			t.Errorf("%#o: %v, %v", mode, err, dialled)
		}
		if !good && (err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "chmod 600") || dialled == nil || dialled.Error() != err.Error()) {
			t.Errorf("%#o: %v, %v", mode, err, dialled)
		}
	}
}
