// Package drain tracks the connections that a server has accepted, and helps to
// end them when the server stops, without cutting off a request.
//
// [Track] wraps the server's listener. Each connection then tells whether the
// client was answered ([Conn.Answered]), and for how long no byte was read or
// written ([Conn.Quiet]). [Listener.Wait] waits for connections, and [Conn.End]
// ends one on which nothing happens: its server reads the end of the stream, as
// if the client had closed it, but only after all bytes that have arrived at
// this machine.
//
// All functions and methods may be called from any goroutine.
package drain
