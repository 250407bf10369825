package httpserve

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/legion-go/legion"
)

// Options say how to serve.
type Options struct {
	// LameDuck is how long a connection without a request stays open when the
	// daemon stops, counted from the last byte on it. Default: a second. At most a
	// quarter of the time that there is (an eighth of Config.StopTimeout) is used.
	LameDuck time.Duration

	// CertFile and KeyFile are a certificate and its key in PEM, for TLS. The
	// daemon reads them when it starts, and does not start if it cannot; worker
	// processes do not. Default: TLS with the server's own TLSConfig, or without
	// one no TLS.
	CertFile, KeyFile string
}

// Serve declares srv as a server of d, as [legion.Daemon.Serve] does, and
// returns its listener. It serves TLS, and HTTP/2 over it, if srv.TLSConfig is
// set or Options name a certificate.
//
// Use srv for nothing else, and for one address: Serve starts and stops it, and
// sets its Handler and ConnState to its own, which call those that were set
// before the start.
//
// Impossible options cause a panic.
func Serve(d *legion.Daemon, network, addr string, srv *http.Server, o Options) net.Listener {
	switch {
	case srv == nil:
		panic(fmt.Sprintf("httpserve: Serve(%q, %q): the server is nil", network, addr))
	case o.LameDuck < 0:
		panic(fmt.Sprintf("httpserve: Serve(%q, %q): LameDuck must not be negative", network, addr))
	case o.LameDuck > 0 && o.LameDuck < time.Millisecond:
		panic(fmt.Sprintf("httpserve: Serve(%q, %q): LameDuck is %v: a number without a unit counts nanoseconds; write %d*time.Second, for instance",
			network, addr, o.LameDuck, o.LameDuck.Nanoseconds()))
	case (o.CertFile == "") != (o.KeyFile == ""):
		panic(fmt.Sprintf("httpserve: Serve(%q, %q): set both CertFile and KeyFile, or neither", network, addr))
	case o.LameDuck == 0:
		o.LameDuck = time.Second
	}
	if o.CertFile != "" {
		d.Init(func(context.Context) error { return addCertificate(srv, o.CertFile, o.KeyFile) })
	}
	s := &server{http: srv, lameDuck: o.LameDuck}
	return d.Serve(network, addr, s.serve, s.shutdown)
}

// addCertificate makes srv use a certificate.
func addCertificate(srv *http.Server, certFile, keyFile string) error {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return fmt.Errorf("httpserve: reading the certificate: %w", err)
	}
	config := &tls.Config{}
	if srv.TLSConfig != nil {
		config = srv.TLSConfig.Clone()
	}
	config.Certificates = append([]tls.Certificate{pair}, config.Certificates...)
	srv.TLSConfig = config
	return nil
}
