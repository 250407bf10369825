package control

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	stdhttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

type noTLS struct{}

func (noTLS) Server(context.Context, net.Conn) (net.Conn, []string, error) {
	return nil, nil, errors.New("not today")
}

// realTLS asks for client certificates that it has signed itself.
type realTLS struct{ config *tls.Config }

func (r realTLS) Server(ctx context.Context, conn net.Conn) (net.Conn, []string, error) {
	c := tls.Server(conn, r.config)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	var names []string
	for _, chain := range c.ConnectionState().VerifiedChains {
		names = append(names, chain[0].Subject.CommonName)
	}
	return c, names, nil
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	a := &authority{pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(t, "authority", true)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(t *testing.T, name string, ca bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: ca, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if !ca {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert, key
}

func (a *authority) issue(t *testing.T, name string) []tls.Certificate {
	t.Helper()
	if name == "" {
		return nil
	}
	cert, key := a.sign(t, name, false)
	return []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	f := serve(t, "tcp://127.0.0.1:0", Options{
		TLS:   realTLS{&tls.Config{Certificates: ca.issue(t, "server"), ClientCAs: ca.pool, ClientAuth: tls.VerifyClientCertIfGiven}},
		Rules: []Rule{rule(t, "cert", "ops", rpc.Operate), rule(t, "token", secret, rpc.Read)},
	})
	dial := func(name string) *client {
		raw := f.dial(t)
		secured := tls.Client(raw.Conn, &tls.Config{RootCAs: ca.pool, ServerName: "localhost", Certificates: ca.issue(t, name)})
		if err := secured.Handshake(); err != nil {
			t.Fatal(err)
		}
		return raw.over(secured)
	}
	ops := dial("ops")
	if got := ops.call("who", empty{}).result(); !strings.Contains(got, `"name":"cert ops","role":"operate"`) {
		t.Error(got)
	}
	if got := ops.call("big", []any{1 << 20}).result(); len(got) != 1<<20+2 {
		t.Error(len(got))
	}
	ops.Close()

	nobody := dial("somebody")
	nobody.send(`{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}` + "\n")
	read(t, nobody.rest()).fails(t, rpc.CodeRole, `certificate of "somebody" has no role`)
	without := dial("")
	without.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if got := without.rest(); !strings.HasPrefix(got, "HTTP/1.1 401") {
		t.Error(got)
	}
	with := dial("")
	with.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + secret + "\r\n\r\n")
	if got := with.rest(); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Error(got)
	}

	// net/http's client, with keep-alive.
	transport := &stdhttp.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool, ServerName: "localhost", Certificates: ca.issue(t, "ops")}}
	defer transport.CloseIdleConnections()
	for range 3 {
		r, err := (&stdhttp.Client{Transport: transport}).Get("https://" + f.addr.String() + "/healthz")
		must(t, err)
		r.Body.Close()
		if r.StatusCode != 200 {
			t.Error(r)
		}
	}

	// Who does not speak TLS is told so.
	plain := f.dial(t)
	plain.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	if got := plain.rest(); !strings.HasPrefix(got, "HTTP/1.1 400") || !strings.Contains(got, "TLS") {
		t.Error(got)
	}
	line := f.dial(t)
	line.send(`{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}` + "\n")
	read(t, line.rest()).fails(t, rpc.CodeTransport, "TLS")

	// A certificate of another authority.
	raw := f.dial(t)
	foreign := tls.Client(raw.Conn, &tls.Config{InsecureSkipVerify: true, Certificates: newAuthority(t).issue(t, "ops")})
	_ = foreign.Handshake()
	if n, err := foreign.Read(make([]byte, 1)); err == nil {
		t.Error("served", n)
	}
	eventually(t, "logged", func() bool { return strings.Contains(f.log.String(), "no handshake") })
}

// over is the same client over TLS.
func (c *client) over(conn net.Conn) *client {
	n := &client{Conn: conn, t: c.t}
	n.in = c.in
	n.in.Reset(conn)
	return n
}

// Where TLS is not spoken it is not mistaken for anything.
func TestTLSToPlainAddress(t *testing.T) {
	f := serve(t, "tcp://127.0.0.1:0?anyone=read", Options{})
	raw := f.dial(t)
	if err := tls.Client(raw.Conn, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
		t.Error("a handshake?")
	}
	eventually(t, "logged", func() bool { return strings.Contains(f.log.String(), "speaks TLS to an address without") })
}
