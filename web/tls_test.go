package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/controltls"
)

// certify writes a certificate that is its own authority, for 127.0.0.1 and the
// client "ops", and its key.
func certify(t *testing.T) (certFile, keyFile string, pair tls.Certificate) {
	t.Helper()
	fatal := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ops"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	fatal(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	fatal(err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	fatal(os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600))
	fatal(os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	pair, err = tls.LoadX509KeyPair(certFile, keyFile)
	fatal(err)
	return certFile, keyFile, pair
}

// encrypt makes the client speak TLS.
func (s *shown) encrypt(pair tls.Certificate, own ...tls.Certificate) {
	s.url = "https://" + s.host
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	s.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots, Certificates: own}
}

// With TLS the page is the same, and its address begins with https.
func TestTLS(t *testing.T) {
	cert, key, pair := certify(t)
	s := show(t, func(c *legion.Config) { c.ControlTLS = controltls.Files(cert, key, "") })
	s.encrypt(pair)
	s.expect("the page", s.request("GET", "/ui/", "", "", ""), 200, "<!doctype html>")
	s.expect("no token", s.request("POST", "/ui/session", "", "read", "{}"), 401, `{"login":true}`)
	s.expect("a session", s.request("POST", "/ui/session", reader, "read", "{}"), 200, `"role":"read"`)
	s.expect("a request", s.request("POST", "/ui/rpc", reader, "read", hello), 200, "web-test")
	plain := s.request("POST", "/ui/rpc", reader, "read", hello)
	plain.Header.Set("Origin", "http://"+s.host)
	s.expect("a page without TLS", plain, 403, "this one has an Origin")
}

// A client certificate takes the place of a token. It is no reason to let in
// another site, which the browser would send it for.
func TestClientCertificate(t *testing.T) {
	cert, key, pair := certify(t)
	s := show(t, func(c *legion.Config) {
		c.ControlTLS = controltls.Files(cert, key, cert)
		c.Access["cert:ops"] = legion.RoleOperate
	})
	s.encrypt(pair, pair)
	steer := `{"jsonrpc":"2.0","id":1,"method":"own.steer"}`
	s.expect("a session", s.request("POST", "/ui/session", "", "read", "{}"), 200, `"role":"read"`)
	s.expect("a request with read", s.request("POST", "/ui/rpc", "", "read", steer), 200, "yours is read")
	s.expect("a request with operate", s.request("POST", "/ui/rpc", "", "operate", steer), 200, `"result":true`)
	s.expect("a request with more", s.request("POST", "/ui/rpc", "", "admin", `{"jsonrpc":"2.0","id":1,"method":"own.end"}`), 200, "yours is operate")
	for what, change := range map[string]func(*http.Request){
		"another origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"another site":   func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a simple request": func(r *http.Request) {
			r.Header = http.Header{"Content-Type": {"application/json"}}
		},
	} {
		r := s.request("POST", "/ui/rpc", "", "operate", steer)
		change(r)
		if w, text := s.ask(r); w.StatusCode < 400 {
			t.Errorf("%s: %d %s", what, w.StatusCode, text)
		}
	}
	if n := len(s.called); n != 1 {
		t.Errorf("%d calls were made, one is allowed", n)
	}
}
