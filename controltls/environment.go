package controltls

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/legion-go/legion/client"
)

// systemCA is the value of LEGION_CA for the authorities of the system.
const systemCA = "system"

// FromEnvironment returns the options with which Legion's own programs dial an
// address, from variables of the environment: those of
// [client.FromEnvironment], and
//
//	LEGION_CA            the path of the certificates of the authorities that certify daemons; "system" for those of the system
//	LEGION_CERT          the path of the client's certificate
//	LEGION_KEY           the path of its private key
//	LEGION_SERVER_NAME   the name that the daemon's certificate is for; default: the host of the address
//
// With LEGION_CA or LEGION_CERT, connections to tcp addresses are made by TLS,
// but for those with ?plain=yes. They are as [Dial] makes them.
func FromEnvironment(address string) (client.Options, error) {
	o, err := client.FromEnvironment(address)
	if err != nil || !strings.HasPrefix(address, "tcp://") {
		return o, err
	}
	ca, cert, key := os.Getenv("LEGION_CA"), os.Getenv("LEGION_CERT"), os.Getenv("LEGION_KEY")
	if _, query, _ := strings.Cut(address, "?"); ca+cert+key == "" || strings.Contains("&"+query+"&", "&plain=yes&") {
		return o, nil
	}
	if ca == systemCA {
		ca = ""
	}
	dial := Dial(cert, key, ca, os.Getenv("LEGION_SERVER_NAME"))
	o.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		switch {
		case isA[x509.HostnameError](err):
			err = fmt.Errorf("%w, in LEGION_SERVER_NAME", err)
		case isA[x509.UnknownAuthorityError](err):
			err = fmt.Errorf("%w: LEGION_CA names them", err)
		}
		return conn, err
	}
	return o, nil
}

// FromEnvironment is the function of that name, for the daemon's own command
// line: package cli does not link TLS into every daemon.
func (*Config) FromEnvironment(address string) (client.Options, error) {
	return FromEnvironment(address)
}
