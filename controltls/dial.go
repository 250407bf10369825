package controltls

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// Dial returns a function for client.Options.DialContext that makes
// connections: to "tcp" addresses by TLS, to others as they are.
//
// cert and key are the paths of the client's certificate and private key, ""
// for none, if the client sends a token. ca is the path of the certificates of
// the authorities that certify daemons; "" means those of the system.
// serverName is the name that the daemon's certificate must be for; "" means
// the host of the address. Files are read for each connection.
func Dial(cert, key, ca, serverName string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		var plain net.Dialer
		if network != "tcp" {
			return plain.DialContext(ctx, network, addr)
		}
		config, err := clientConfig(cert, key, ca)
		if err != nil {
			return nil, err
		}
		config.ServerName = serverName
		if serverName == "" {
			if config.ServerName, _, err = net.SplitHostPort(addr); err != nil {
				return nil, err
			}
		}
		conn, err := plain.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, explain("the handshake with "+addr, err)
		}
		return secure, nil
	}
}

func clientConfig(cert, key, ca string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case cert != "" && key != "":
		pair, err := loadPair(cert, key)
		if err != nil {
			return nil, err
		}
		// It is sent even if it is by none of the authorities that the daemon names:
		// then the errors of both sides say so, instead of saying that there is no
		// certificate.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	case cert != "" || key != "":
		return nil, errors.New("a certificate needs a private key, and the other way round: give both or none")
	}
	if ca != "" {
		pool, err := loadPool(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	return config, nil
}
