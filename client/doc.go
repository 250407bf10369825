// Package client talks to a running daemon over its control socket, as its command line does.
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
// The methods of a daemon are listed by its method system.listMethods, and described by rpc.discover.
//
// # Values
//
// They travel as JSON: a [time.Duration] as a number of seconds, a [time.Time] by RFC 3339, a []byte in base64. Names are
// case-sensitive. Members of a result for which the Go type has no field are left out, so that a newer daemon can say
// more.
//
// Parameters are a struct or a map, for named ones; a slice or an array, for ones by position; nil for none. Anything
// else is the method's only parameter.
//
// # Connections
//
// A [Client] is one connection. The daemon answers its calls one after the other: what takes long, such as waiting for a
// task, belongs on a Client of its own if others are not to wait. A call whose context ends returns at once and leaves
// the connection usable; its answer is dropped when it comes. That does not end the work in the daemon: to bound that,
// give the method's own timeout.
//
// [Client.Batch] sends several requests at once, [Client.Notify] one that is not answered.
//
// Each [Stream] dials a connection of its own: a slow reader of one holds up neither calls nor other streams.
//
// A Client may be idle for as long as it likes, but when a daemon has too many connections it ends one that is. A
// connection that has ended stays so, [Client.Done]: dial again. Nothing is repeated by itself, since the daemon may
// have done already what was asked.
//
// # Errors
//
//   - [*NotRunningError]: nobody listens; where that was tried
//   - [*PermissionError]: this user may not connect
//   - [*NoAnswerError]: somebody listens and says nothing; which process, and whether a signal has stopped it
//   - [*Error]: the daemon's answer is an error, with its code
//   - [ErrClosed]: the connection has ended, or the Client was closed
//   - the context's error
//
// # Limits
//
// What a daemon says is not trusted. A message may have 64 MiB. At most 1,024 calls of a Client are under way; more wait
// for their turn. Answers to nothing that was asked are left out; a message that is none ends the connection. Dialling
// takes 10 s at the most. The daemon has limits as well: one that gets a request of more than 4 MiB, if it has the default,
// answers with an [*Error] and ends the connection.
//
// Text that comes from a daemon, errors included, is passed on as it is: who shows it on a terminal takes out control
// characters.
//
// # Concurrency
//
// Everything may be used from several goroutines at once. A Client has two goroutines, which [Client.Close] waits for;
// a Stream has none.
//
// # Reading order
//
// client.go, batch.go, wire.go (messages), dial.go, hello.go and address.go, stream.go; places.go, find.go and list.go for where
// daemons are; silent_linux.go, silent_other.go for those that say nothing; errors.go.
package client
