// Package controltls secures the TCP addresses of a daemon's control socket
// with TLS.
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
// Legion's own programs take the paths from the environment: see
// [FromEnvironment].
//
// # Who is who
//
// With certificates of authorities for clients, a client needs a certificate by
// one of them, for client authentication. The names that Access gives roles to
// are its common name and its DNS names. Without them every client may connect,
// and sends a token.
//
// It speaks TLS 1.3, and 1.2 with clients that lack it. Sessions are not
// resumed: each connection sends its certificate again, so that one which has
// expired, or whose authority was removed, no longer works.
//
// # Files
//
// They are PEM. Nothing is read before the first handshake, or [Config.Reload]:
// not in a worker process, for instance. During a handshake, at most once a
// second, it checks whether one of them has changed, and then reads all again.
// While they do not fit together, because only one has been written yet, the
// earlier ones are used and the log says so. Existing connections go on.
//
// A private key must be accessible only for its owner and, for reading, its
// group: mode 0600 or 0640. Others are refused, as ssh and PostgreSQL do. A
// daemon that becomes another user, by Config.User, reads changed files as that
// user, so they must be readable for it.
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
