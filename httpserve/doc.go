// Package httpserve serves HTTP from a daemon so that a stop or an upgrade
// loses no request, on connections that clients keep alive too.
//
//	httpserve.Serve(d, "tcp", ":8080", &http.Server{Handler: mux}, httpserve.Options{})
//
// [http.Server.Shutdown] closes connections without a request at once, although
// the next one may be on its way. Serve first does what a good proxy does:
//
//   - When the listener is closed, the answer to each request that begins from
//     then on tells the client to use another connection: by
//     "Connection: close" in HTTP/1, by GOAWAY in HTTP/2.
//   - A connection without a request is closed when no byte has come or gone on
//     it for the time [Options.LameDuck]: one that is kept alive, one on which
//     nothing was ever sent (a browser's preconnect, a load balancer's), one
//     whose request stops in its header. What has arrived at this machine until
//     then is read, and answered.
//   - Serve waits for a connection with a request.
//   - At last, Shutdown sends GOAWAY to clients of HTTP/2 that have asked
//     nothing meanwhile.
//
// All of that takes at most half of Config.StopTimeout, as with
// [legion.Daemon.Serve], and ends as soon as no connection is left.
//
// # Where it ends
//
// A request is lost
//
//   - if it is still on the network, or with a client that does not look, when
//     its connection has been unused for LameDuck and is closed. HTTP/1 has no
//     way to tell such a client before; clients ask again, if the request may
//     be asked twice (net/http does for GET, not for POST). Make LameDuck
//     longer than the pauses between the requests on a connection, and nothing
//     is lost.
//   - if it was sent on a connection of HTTP/1 before the answer to the one
//     before (pipelining).
//   - if it takes longer than half of Config.StopTimeout: the daemon stops
//     then, and its calls end with ErrStopped. Its handler and connection end
//     with the process; a program that goes on after Stop ends them with the
//     server's Close.
//
// HTTP/2 tells the client which requests it has not begun when GOAWAY is sent;
// clients send those again on a new connection (net/http does, with a body if
// Request.GetBody is set, as NewRequest sets it for the usual readers). The
// handler must end hijacked connections, WebSockets for instance.
//
// In an upgrade the new process accepts connections already. In a restart in
// place, clients that connect wait for the new program, for as long as
// connections that are not used are kept open, too. In a stop they are refused,
// and so are those that the kernel has connected but the server has not yet
// accepted.
package httpserve
