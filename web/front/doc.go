// Package front is the HTTP side of the dashboard: it serves the page and
// passes what the page asks to the daemon's control socket. It has two forms.
//
// [Handler] is for a server that the program has anyway, behind its own login:
//
//	mux.Handle("/legion/", front.Handler(d, front.Options{
//		Authorize: func(r *http.Request) (legion.Role, string, error) {
//			user, err := login(r) // of the program
//			return legion.RoleRead, user, err
//		},
//	}))
//
// [Listen] is for one person at this machine: a server on a loopback address,
// opened by a link that works once. "legion dashboard NAME" uses it.
//
// Package web shows the same page at an address of the daemon itself, without
// net/http.
//
// # No rights of its own
//
// The front gives nobody a right. Each session has its own connection to the
// daemon, which is lowered to the session's role before the first call (see
// [client.Options]); methods are passed on as they are, and the daemon allows
// or refuses them. So a fault in this package, or in the page, lets nobody do
// what the daemon would not let the session do. A daemon that cannot lower a
// connection is not shown.
//
// # Sessions
//
// The page exchanges what it came with for a secret: the one-time token of a
// link ([Listen]), or the login of the server ([Handler]). It sends the secret
// with every request, in a header field. There is no cookie, so a page of
// another site has nothing to ride on. A session ends by DELETE, after
// [SessionLife], with the front, and if a 17th begins while it is the one that
// was not used for longest. With [Handler], Authorize is asked at every request
// again: if its answer changes, the session is over; a stream is ended and
// opened again every ten minutes for that.
//
// # What it answers
//
//	GET  ./           the page; app.js, app.css and icon.svg beside it
//	POST session      {"token"} → {"secret", "role", "as", "daemon", "version", "expires", "commands", …}
//	POST rpc          a request of JSON-RPC 2.0 → the daemon's answer
//	POST watch        the parameters of the method watch → its items, one a line; with gzip if the request accepts it
//	DELETE session
//
// Only the last part of the path counts, so the handler works below any path,
// with [http.StripPrefix] or without. Errors of the front are text: 400, 401
// (the session is over), 403, 404, 405, 413, 415, 421 (not the address of the
// front), 429, and 502 if the daemon cannot be reached. An error of the daemon
// is the answer to a call, with status 200.
//
// # Limits
//
// 16 sessions; 32 requests at once of a session; 1 MiB for a request; 10 s to
// send it, and for a reader to take the next piece of a stream. Over HTTP/1 a
// browser has four streams at once, because it opens six connections to a
// server: the next one ends that which was opened longest ago, whose last line
// then is {"end": true, "error": null, "replaced": true}.
//
// # Concurrency
//
// Everything may be used from several goroutines at once. A Handler has no
// goroutine but for calls that the page did not wait for; those end with the
// session.
//
// # Reading order
//
// front.go; session.go, sessions.go, token.go; link.go (to the daemon); rpc.go,
// watch.go, lines.go; files.go; local.go.
package front
