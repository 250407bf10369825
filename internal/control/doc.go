// Package control is the way into a running daemon: it listens at the control
// socket, finds out who connects and what that client may do, speaks several
// protocols at the same address, and passes requests to the methods of an
// rpc.Registry.
//
// # Protocols
// The first bytes that are not white space tell which one a client speaks.
//
//   - A capital letter: HTTP/1.1, or 1.0, with keep-alive. POST /rpc (or / or
//     /RPC2) is JSON-RPC if the content-type is application/json, and XML-RPC
//     if it is text/xml or application/xml. GET / is a greeting. GET /healthz
//     is 200 while the process lives, GET /readyz 200 or 503 with the reason;
//     both are open to every client that can connect. GET
//     /stream/METHOD?param=value sends the items of a stream as server-sent
//     events. Options.Paths has further paths.
//   - A '<', or a byte order mark: XML-RPC without HTTP: a document, its
//     answer, the end.
//   - Anything else: JSON-RPC 2.0, each request or batch on a line of its own,
//     its answer on a line of its own; streams and rpc.auth as package rpc
//     describes them. The connection may be silent as long as it likes. A
//     client that ends its half, as nc -N does, still gets its answers and what
//     its streams send.
//
// The HTTP server is our own, because net/http would cost every worker process
// 0.4 ms of its start, and because ours can be strict: it refuses input that
// two readers might take for two different requests. Examples are more than one
// content-length, one beside a transfer-encoding, lines that end with LF alone,
// continued lines, chunk extensions and trailers.
//
// # Who may do what
//
// On a Unix socket the kernel identifies the client. Root and the process's own
// user have the role Admin; other users have the role that a [Rule] gives their
// user or one of their groups. The daemon's workers and the processes that they
// start, as Options.Worker reports, are one peer together, and only a Rule for
// workers gives them a role. On TCP the role comes from the names in a
// certificate that [TLS] has verified, or from ?anyone=ROLE on loopback. A
// token, in the field Authorization of HTTP or by rpc.auth, counts on both. The
// highest role counts. The registry says which role a method needs. For a
// client without a role nothing is executed: the refusal names the client, and
// what to configure.
//
// Pages in a browser are kept out: a request with an Origin, from another site,
// or on loopback to a name that is neither an address nor localhost, is refused
// with 403. A path of Options.Paths with Page is asked by the page that it
// serves: there the Origin may be that of the address itself, as the client
// calls it, and a link from elsewhere may lead to it if it is Open.
//
// # Limits
// The defaults. The registry sets the size of a request; all others are in
// [Limits].
//
//	connections                512, of which 16 are kept for root and the process's own user
//	of one peer                64: a user on Unix sockets, an address on TCP (a /64 of IPv6)
//	new connections of a peer  1,000 at once, 500 in a second; no limit for root and the process's own user
//	requests executed          64 at once, of one peer 48, 16 kept for root and the own user; others wait for up to 1 s
//	a request                  4 MiB
//	large requests, answers    what each has above 64 KiB: 64 MiB together, of one peer 32 MiB
//	large requests, pace       what each has above 64 KiB: 128 MiB in a second together, after a pause 4 MiB at once
//	refused input, pace        64 MiB in a second together
//	head of an HTTP request    16 KiB, 100 fields, a target of 8 KiB
//	the first byte             within 10 s, and then the TLS handshake
//	a request                  complete within 10 s of its first byte; of an unknown client 64 KiB at most
//	between HTTP requests      60 s
//	answers                    each 64 KiB taken within 10 s
//	silent events, streams     something is sent every 15 s
//	a client that has gone     is noticed within 0.5 s; its request is cancelled
//	complaints in the log      20 at once, 20 a minute, and a count of the others
//
// The pace is what keeps a flood of large requests from everybody else: each
// connection reads 64 KiB and waits for its turn, the kernel's buffers hold up
// its client meanwhile, and requests that are small never wait. JSON that is
// nested too deeply, and a batch of too many, are recognised while they arrive:
// the rest is read as refused input, and not kept. Package rpc takes large
// requests apart one at a time.
//
// When all places are taken, the server closes a connection that executes
// nothing and has no stream: of the peer with the most connections, preferably
// one that never had an answer, and of these the one that has been silent
// longest. It closes an operator's only for another operator. If it finds none
// to close, it refuses the new one.
//
// Every refusal is an error of the protocol that the client speaks: -32400 for
// limits, -32001 for rights, -32300 for malformed HTTP; over HTTP with its
// status, and a body in the protocol of the request. The connection is closed
// after it, except after "busy"; further input is read for up to two seconds,
// so that the client is not reset before it has read the reason. Three kinds of
// refusal are silent: the client has not shown its protocol yet; connections
// come too fast; and 128 refusals are being sent already.
//
// # Reading order
//
//   - address.go, listen.go: where; socket.go: a [Socket], all addresses of a
//     daemon;
//   - rule.go, access.go: who may do what; peer.go (with peer_linux.go,
//     peer_xucred.go, peer_other.go, peerpid_darwin.go, peerpid_freebsd.go):
//     who it is;
//   - limits.go, share.go, room.go, arrivals.go, flow.go: how much, how fast;
//   - server.go: a [Server] from New to Shutdown; admit.go: who gets a place;
//   - conn.go: the life of a connection; gone_linux.go, gone_other.go: its end;
//     client.go: what the daemon is told of it;
//   - sniff.go, then lines.go, rawxml.go, and http.go with httphead.go,
//     route.go, browser.go, path.go, events.go and stream.go: what it speaks;
//     gather.go: how a request is read;
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
// executed; a goroutine that holds it may take a session's lock, not the other
// way round.
package control
