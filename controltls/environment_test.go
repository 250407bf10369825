package controltls

import "testing"

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
