// Package control is the way into a running daemon: it listens at the control
// socket, finds out who connects and what that client may do, speaks several
// protocols at the same address, and passes requests to the methods of an
// rpc.Registry.
//
// # Protocols
//
// They are told apart by the first bytes, white space aside.
//
//   - A capital letter: HTTP/1.1, or 1.0, with keep-alive. POST /rpc (or / or
//     /RPC2) is JSON-RPC if the content-type is application/json, and XML-RPC
//     if it is text/xml or application/xml. GET / is a greeting. GET /healthz
//     is 200 while the process lives, GET /readyz 200 or 503 with the reason;
//     both are open to everybody who can connect. GET
//     /stream/METHOD?param=value sends the items of a stream as server-sent
//     events.
//   - A '<', or a byte order mark: XML-RPC without HTTP: a document, its
//     answer, the end.
//   - Anything else: JSON-RPC 2.0, each request or batch on a line of its own,
//     its answer on a line of its own; streams and rpc.auth as package rpc
//     describes them. The connection may be silent as long as it likes. A
//     client that ends its half, as nc -N does, still gets its answers and what
//     its streams send.
//
// The HTTP server is one of our own, because net/http would cost every worker
// process 0.4 ms of its start, and because it can be strict: what two readers
// might take for two different requests is refused. That is more than one
// content-length, one beside a transfer-encoding, lines that end with LF alone,
// continued lines, chunk extensions and trailers, among others.
//
// # Who may do what
//
// On a Unix socket the kernel says who has connected. Root and the user as whom
// the process runs have the role Admin; others what a [Rule] for their user or
// one of their groups says. The daemon's workers and what they start, which
// Options.Worker tells, are one peer together, without any role but that of a
// Rule for workers. On TCP it is the names in a certificate that [TLS] has
// verified, or ?anyone=ROLE on loopback. A token, in the field Authorization of
// HTTP or by rpc.auth, counts on both. The highest role counts. Which method
// needs which role, the registry says. Somebody without any role has nothing
// executed: the refusal names who that is, and what to configure.
//
// Pages in a browser are kept out: a request with an Origin, from another site,
// or on loopback to a name that is neither an address nor localhost, is refused
// with 403.
//
// # Limits
//
// Their defaults; all but the request's size, which is the registry's, are in
// [Limits].
//
//	connections                512, of which 16 are kept for root and the process's own user
//	of one peer                64: a user on Unix sockets, an address on TCP (a /64 of IPv6)
//	new connections of a peer  1,000 at once, 500 in a second; of root and the process's own user as many as they like
//	requests executed          64 at once, of one peer 48, 16 kept for root and the own user; others wait for up to 1 s
//	a request                  4 MiB
//	large requests, answers    what each has above 64 KiB: 64 MiB together, of one peer 32 MiB
//	head of an HTTP request    16 KiB, 100 fields, a target of 8 KiB
//	the first byte             within 10 s, and then the TLS handshake
//	a request                  complete within 10 s of its first byte; of somebody unknown 64 KiB at most
//	between HTTP requests      60 s
//	answers                    each 64 KiB taken within 10 s
//	comments in silent events  every 15 s
//	a client that has gone     is noticed within 0.5 s; what it asked for is cancelled
//	complaints in the log      20 at once, 20 a minute, and a count of the others
//
// When there is no place for a connection, one that executes nothing and has no
// stream is closed for it: of the peer with the most connections, rather one
// that never had an answer, and of these the one that is silent for longest. An
// operator's is not closed for anybody else. If there is none, the new one is
// refused.
//
// Every refusal is an error of the protocol that the client speaks: -32400 for
// limits, -32001 for rights, -32300 for what is no HTTP; over HTTP with its
// status, and a body in the protocol of the request. The connection is closed
// after it, except after "busy"; what the client still sends is read for up to
// two seconds, so that it is not reset before it has read why. Three kinds of
// refusal have no words: nobody has said what to speak yet; connections come
// too fast; and so many are being refused at the same time (128) that there is
// nobody left to say it.
//
// # Reading order
//
//   - address.go, listen.go: where; socket.go: a [Socket], all addresses of a
//     daemon;
//   - rule.go, access.go: who may do what; peer.go (with peer_linux.go,
//     peer_xucred.go, peer_other.go, peerpid_darwin.go, peerpid_freebsd.go):
//     who it is;
//   - limits.go, share.go, room.go, arrivals.go: how much, how fast;
//   - server.go: a [Server] from New to Shutdown; admit.go: who gets a place;
//   - conn.go: the life of a connection; gone_linux.go, gone_other.go: its end;
//     client.go: what the daemon is told of it;
//   - sniff.go, then lines.go, rawxml.go, and http.go with httphead.go,
//     route.go and events.go: what it speaks;
//   - refusal.go, hint.go, complaints.go: how it says no;
//   - audit.go: what is logged of changes and refusals; withheld.go: what a
//     client who may only look does not see.
//
// # Concurrency
//
// All methods of Server may be called from any goroutine. Each listener has a
// goroutine, Serve's; each connection has one, which reads, executes and
// answers one request at a time; each stream of the line protocol has one more,
// which package rpc owns. Shutdown waits for all of them. Server.mu is held for
// counting and choosing only, never while something is read, written or
// executed; who holds it may take a session's lock, not the other way round.
package control
