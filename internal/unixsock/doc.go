// Package unixsock opens listening Unix sockets whose file may be left over
// from a killed process.
//
// net.Listen refuses a path at which a file exists, so after SIGKILL every
// later start fails. [Listen] connects to the existing socket: if no process
// answers, the socket is replaced; if one answers, Listen fails. It never
// touches a file that is not a socket.
//
// Read listen.go, then clear.go (what may be replaced) and folder.go (two
// processes that open sockets in one folder).
package unixsock
