// Package web shows the dashboard at the addresses of the control socket, for
// browsers that reach one over TCP:
//
//	d := legion.New(legion.Config{
//		Name:       "thumbs",
//		Control:    "unix: tcp://0.0.0.0:7070",
//		ControlTLS: controltls.Files("/etc/thumbs/server.crt", "/etc/thumbs/server.key", ""),
//		Access:     map[string]legion.Role{"token-file:/etc/thumbs/token": legion.RoleOperate},
//	})
//	d.Use(web.Dashboard())
//
// From then on https://HOST:7070/ui/ is the page. Who opens it types a token of
// Config.Access, or comes with a client certificate that has a role there. The
// page is that of "legion dashboard" (package web/ui), which is the better way
// for who can reach the daemon's machine by ssh; package web/front shows it in
// a server of the program's own, behind the login of that.
//
// # What it answers
//
//	GET  /ui/         the page; app.js, app.css and icon.svg beside it: to everyone
//	POST /ui/session  → {"login": true, "role", "as", "daemon", "version", "commands"}
//	POST /ui/rpc      a request of JSON-RPC 2.0 → the daemon's answer
//	POST /ui/watch    the parameters of the method watch → its items, one a line
//
// All but the first need the media type application/json, the client's token in
// Authorization, unless its certificate or the address gives it a role, and the
// field Legion-Role: read, operate or admin, which the request may do at most.
// The page has read unless the person chose more.
//
// # No rights of its own, no sessions
//
// The daemon decides on each request by who asks, as for every client of the
// control socket, after it has lowered the rights to Legion-Role; the audit log
// has as=dashboard. There is nothing to be kept between two requests, so the
// page goes on after an upgrade of the daemon. The token is in the page's
// memory and in the sessionStorage of its tab for 8 hours at most, and nowhere
// else: not in a cookie, an address or a log.
//
// Of what browsers send, the control socket answers only what comes from a page
// of the same address (see plugin.Path.Page), and the address must be given as
// a number or as localhost if it is a loopback one. Legion-Role is a field that
// pages of other sites cannot send. The answers have the header fields of
// package web/ui, which let the page load nothing from elsewhere.
//
// # Limits
//
// Those of the control socket: 4 MiB for a request, 10 s to send it and to take
// each 64 KiB of an answer, connections of an address. An empty line is sent in
// a stream that has been silent for 15 s. A browser has four streams at once,
// as with package web/front.
package web
