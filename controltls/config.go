package controltls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

// Config is TLS for the control socket of a daemon: a legion.ControlTLS. Make
// one with [Files]; its fields are not changed after its first use.
type Config struct {
	Cert, Key string // paths of the daemon's certificate, with those between it and its authority, and of its private key
	ClientCA  string // path of the certificates of authorities for clients; "": clients need no certificate

	// Log gets a record when files have changed and cannot be used, and when a
	// certificate has expired. Default: slog.Default().
	Log *slog.Logger

	mu      sync.Mutex
	current *tls.Config // nil until the files have been read
	stamps  []stamp     // of the files when they were read last, whether they could be used or not
	looked  time.Time   // at the files
}

// lookEvery is the time between two looks at the files.
const lookEvery = time.Second

// Files returns the configuration with the certificate and the private key of
// the daemon and, unless that is "", the certificates of the authorities that
// certify clients. Files are read later; [Config.Reload] does it now.
func Files(cert, key, clientCA string) *Config {
	return &Config{Cert: cert, Key: key, ClientCA: clientCA}
}

// Reload reads the files. If they cannot be used, the earlier ones stay in use.
func (c *Config) Reload(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load()
}

// Server does the handshake with a client on a connection that was accepted.
// names are the common name and the DNS names of the client's certificate,
// which has been verified; none without authorities for clients. When ctx ends
// during the handshake, the connection is closed. After an error the caller
// closes it.
func (c *Config) Server(ctx context.Context, conn net.Conn) (secured net.Conn, names []string, err error) {
	config, err := c.fresh()
	if err != nil {
		return nil, nil, err
	}
	secure := tls.Server(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, explain("the handshake with "+conn.RemoteAddr().String(), err)
	}
	if chains := secure.ConnectionState().VerifiedChains; len(chains) > 0 {
		names = namesOf(chains[0][0]) // with which they all begin
	}
	return secure, names, nil
}

// namesOf returns the names of a certificate, each once.
func namesOf(cert *x509.Certificate) (names []string) {
	for _, name := range append([]string{cert.Subject.CommonName}, cert.DNSNames...) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// fresh returns the configuration for the next handshake. It reads the files
// again if they have changed.
func (c *Config) fresh() (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.current != nil && now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if !slices.Equal(c.stamps, c.look()) {
			if err := c.load(); err != nil {
				c.log().Error("controltls: the files have changed and cannot be used: the earlier ones stay in use", "err", err)
			}
		}
	}
	if c.current == nil {
		if err := c.load(); err != nil {
			return nil, err
		}
	}
	return c.current, nil
}

// look returns the stamps of all files.
func (c *Config) look() []stamp {
	return []stamp{stampOf(c.Cert), stampOf(c.Key), stampOf(c.ClientCA)}
}

// load reads the files.
func (c *Config) load() error {
	c.stamps = c.look() // before reading: the next look sees what is written meanwhile
	c.looked = time.Now()
	pair, err := loadPair(c.Cert, c.Key)
	if err != nil {
		return err
	}
	config := &tls.Config{
		Certificates:           []tls.Certificate{pair},
		MinVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true,
	}
	if c.ClientCA != "" {
		if config.ClientCAs, err = loadPool(c.ClientCA); err != nil {
			return err
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		c.log().Warn("controltls: the certificate has expired: clients will refuse it; renew it", "file", c.Cert, "expired", end)
	}
	c.current = config
	return nil
}

func (c *Config) log() *slog.Logger {
	if c.Log != nil {
		return c.Log
	}
	return slog.Default()
}
