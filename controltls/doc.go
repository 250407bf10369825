// Package controltls makes the TCP addresses of a daemon's control socket safe,
// by TLS.
//
//	d := legion.New(legion.Config{
//		Name:       "thumbs",
//		Control:    "unix: tcp://0.0.0.0:7070",
//		ControlTLS: controltls.Files("server.crt", "server.key", "clients.crt"),
//		Access:     map[string]legion.Role{"cert:ops": legion.RoleOperate},
//	})
//
// and on the other side
//
//	c, err := client.Dial(ctx, "tcp://thumbs.example.org:7070", client.Options{
//		DialContext: controltls.Dial("ops.crt", "ops.key", "daemons.crt", ""),
//	})
//
// # Who is who
//
// With certificates of authorities for clients, a client needs a certificate by
// one of them, for client authentication. The names that Access gives roles to
// are its common name and its DNS names. Without, every client is let in and
// shows a token.
//
// TLS 1.3 is spoken, and 1.2 with those who cannot. Sessions are not resumed:
// each connection shows its certificate anew, so that one which has expired, or
// whose authority was taken out, is of no more use.
//
// # Files
//
// They are PEM. Nothing is read before the first handshake, or [Config.Reload]:
// not in a worker process, for instance. When one of them has changed, which is
// looked for once a second at most and during a handshake, all are read again;
// while they do not fit, as between the writing of the one and of the other,
// what was read before is used and the log says so. Connections that exist go
// on.
//
// A private key must not be accessible for others, and its group may read it at
// most: mode 0600 or 0640. Another one is refused, as ssh and PostgreSQL do. A
// daemon that becomes another user, by Config.User, must be able to read the
// files as that user if it is to read them again.
//
// # Cost
//
// A program with this package starts about 0.25 ms slower, each of its worker
// processes too.
//
// # Concurrency
//
// Everything may be used from several goroutines at once. There are no
// goroutines of its own.
package controltls
