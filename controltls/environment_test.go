package controltls

import (
	"strings"
	"testing"
)

// TLS is for tcp addresses alone, and only if a variable asks for it.
func TestFromEnvironment(t *testing.T) {
	for _, c := range []struct {
		address, ca, cert, key string
		tls                    bool
	}{
		{"tcp://host:1", "", "", "", false},
		{"tcp://host:1", "ca.pem", "", "", true},
		{"tcp://host:1", "system", "", "", true},
		{"tcp://host:1", "", "cert.pem", "key.pem", true},
		{"tcp://host:1?plain=yes", "ca.pem", "", "", false},
		{"unix:///run/thumbs/control.sock", "ca.pem", "", "", false},
		{"thumbs", "ca.pem", "", "", false},
	} {
		t.Setenv("LEGION_CA", c.ca)
		t.Setenv("LEGION_CERT", c.cert)
		t.Setenv("LEGION_KEY", c.key)
		o, err := FromEnvironment(c.address)
		if err != nil || (o.DialContext != nil) != c.tls {
			t.Errorf("%+v: %+v, %v", c, o, err)
		}
	}
}

// The error of a handshake names the variable that helps.
func TestFromEnvironmentAdvises(t *testing.T) {
	daemons, strangers := newAuthority(t, "daemons"), newAuthority(t, "strangers")
	cert, key := daemons.issue("thumbs", dns("localhost"))
	addr, shaken := serve(t, Files(cert, key, ""))
	for _, c := range []struct{ ca, name, says string }{
		{strangers.file, "localhost", "LEGION_CA"},
		{"system", "localhost", "LEGION_CA"},
		{daemons.file, "elsewhere", "LEGION_SERVER_NAME"},
	} {
		t.Setenv("LEGION_CA", c.ca)
		t.Setenv("LEGION_SERVER_NAME", c.name)
		o, err := FromEnvironment("tcp://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.DialContext(soon(t), "tcp", addr); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c, err)
		}
		receive(t, shaken)
	}
}
