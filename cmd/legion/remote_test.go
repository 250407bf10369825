package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lib "github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/controltls"
	"github.com/legion-go/legion/legiontest"
)

const secret = "a-token-of-this-test-with-32-bytes"

// remote starts a daemon that listens on TCP alone, by TLS, and gives the role
// read to a token. It returns the daemon's address, and the paths of a file
// with the token and of the certificate.
func remote(t *testing.T) (address, token, cert string) {
	t.Helper()
	legiontest.CheckLeaks(t)
	cert, key := certificate(t)
	token = filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d := lib.New(lib.Config{
		Name: "thumbs", RuntimeDir: dir, LogFile: filepath.Join(dir, "log"), Version: "v7",
		Control: "tcp://127.0.0.1:0", ControlTLS: controltls.Files(cert, key, ""),
		Access: map[string]lib.Role{"token-file:" + token: lib.RoleRead},
	})
	d.InProcess()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Stop(t.Context()) })
	addresses, err := d.ControlAddresses()
	if err != nil || len(addresses) != 1 {
		t.Fatalf("addresses %q, %v", addresses, err)
	}
	return addresses[0], token, cert
}

// certificate writes one for 127.0.0.1, signed by itself, and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "thumbs"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// Every verb reaches a daemon behind TLS and a token, by the same variables.
func TestRemote(t *testing.T) {
	address, token, cert := remote(t)
	t.Setenv("LEGION_TOKEN_FILE", token)
	t.Setenv("LEGION_CA", cert)
	if code, stdout, stderr := legion(t, "status", address); code != cli.ExitOK || !strings.Contains(stdout, "v7") {
		t.Errorf("status: exit code %d, %s%s", code, stdout, stderr)
	}
	r := show(t, address, "--json", "--print")
	var said struct{ Link, Daemon string }
	if err := json.Unmarshal([]byte(r.until("link")), &said); err != nil || said.Daemon != "thumbs" {
		t.Fatalf("the dashboard says %+v, %v", said, err)
	}
	if s := r.open(said.Link); s["role"] != "read" || s["version"] != "v7" {
		t.Errorf("the session is %v", s)
	}
	r.end()
}

// What is missing is named.
func TestRemoteRefused(t *testing.T) {
	address, token, cert := remote(t)
	open := filepath.Join(t.TempDir(), "open")
	if err := os.WriteFile(open, []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	for says, c := range map[string]struct {
		env  map[string]string
		code int
	}{
		"LEGION_TOKEN_FILE":       {map[string]string{"LEGION_CA": cert}, cli.ExitNotAllowed},
		"LEGION_CA":               {map[string]string{"LEGION_TOKEN_FILE": token}, cli.ExitFailed},
		"mode 0644":               {map[string]string{"LEGION_TOKEN_FILE": open, "LEGION_CA": cert}, cli.ExitFailed},
		"unset one":               {map[string]string{"LEGION_TOKEN_FILE": token, "LEGION_TOKEN": secret}, cli.ExitFailed},
		"none of the given autho": {map[string]string{"LEGION_TOKEN_FILE": token, "LEGION_CA": "system"}, cli.ExitFailed},
	} {
		t.Run(says, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			for _, verb := range []string{"ps", "dashboard"} {
				code, stdout, stderr := legion(t, verb, address)
				if code != c.code || stdout != "" || !strings.Contains(stderr, says) || strings.Contains(stderr, secret) {
					t.Errorf("%s: exit code %d, %q, %q; want %d and %q", verb, code, stdout, stderr, c.code, says)
				}
			}
		})
	}
}
