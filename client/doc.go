// Package client talks to a running daemon over its control socket, as its
// command line does.
//
//	c, err := client.Dial(ctx, "thumbs", client.Options{}) // a name, or an address such as "unix:///run/thumbs/control.sock"
//	if err != nil {
//		return err // says what to do: start it, which user may, where it was looked for
//	}
//	defer c.Close()
//
//	var status struct {
//		State  string        `json:"state"`
//		Uptime time.Duration `json:"uptime"`
//	}
//	if err := c.Call(ctx, "daemon.status", nil, &status); err != nil {
//		return err
//	}
//
//	type event struct {
//		Time time.Time `json:"time"`
//		Type string    `json:"type"`
//	}
//	for e, err := range client.Stream[event](ctx, c, "event.follow", nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(e.Time, e.Type)
//	}
//
// The methods of a daemon are listed by its method system.listMethods, and
// described by rpc.discover.
//
// # Values
//
// They travel as JSON: a [time.Duration] as a number of seconds, a [time.Time]
// by RFC 3339, a []byte in base64. Names are case-sensitive. Members of a
// result for which the Go type has no field are ignored, so that a newer daemon
// can send more.
//
// Parameters are a struct or a map, for named ones; a slice or an array, for
// ones by position; nil for none. Anything else is the method's only parameter.
//
// # Connections
//
// A [Client] is one connection. The daemon answers its calls one after the
// other: make slow calls, such as waiting for a task, on a Client of their own
// if others must not wait. A call whose context ends returns at once and leaves
// the connection usable; its answer is dropped when it comes. That does not end
// the work in the daemon: to limit it, pass the method's own timeout.
//
// [Client.Batch] sends several requests at once, [Client.Notify] sends one that
// is not answered.
//
// Each [Stream] dials a connection of its own: a slow reader of one holds up
// neither calls nor other streams.
//
// A Client may be idle for any time, but a daemon with too many connections
// ends an idle one. A connection that has ended stays closed, see
// [Client.Done]: dial again. The Client repeats no call by itself, since the
// daemon may have done it already.
//
// # Rights
//
// A connection has the role that the daemon gives its user, its certificate or
// [Options.Token]. With [Options.Role] each connection of a Client gives away
// all but that role before its first call, and cannot take it back. That is for
// a program that acts for others, such as package web/front.
//
// # Errors
//
//   - [*NotRunningError]: no process listens; where that was tried
//   - [*PermissionError]: this user may not connect
//   - [*NoAnswerError]: a process listens and does not answer; which one, and
//     whether a signal has stopped it
//   - [*Error]: the daemon's answer is an error, with its code
//   - [ErrClosed]: the connection has ended, or the Client was closed
//   - the context's error
//
// # Limits
//
// A Client does not trust the daemon. A message may have 64 MiB. At most 1,024
// calls of a Client are under way; more wait for their turn. Answers that
// belong to no request are ignored; an invalid message ends the connection.
// Dialling takes at most 10 s. The daemon has limits as well: if it gets a
// request of more than 4 MiB, by default, it answers with an [*Error] and ends
// the connection.
//
// Text that comes from a daemon, errors included, is passed on as it is: remove
// control characters before you show it on a terminal.
//
// # Concurrency
//
// Everything may be used from several goroutines at once. A Client has two
// goroutines, which [Client.Close] waits for; a Stream has none.
//
// # Reading order
//
// client.go, batch.go, wire.go (messages), dial.go, environment.go, hello.go
// and address.go, stream.go; places.go, find.go and list.go for where daemons
// are; silent_linux.go, silent_other.go for those that do not answer;
// errors.go.
package client
