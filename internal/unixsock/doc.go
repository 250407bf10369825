// Package unixsock opens listening Unix sockets whose file may be left from a
// process that was killed.
//
// net.Listen refuses a path at which there is a file, so that after SIGKILL
// every later start fails. [Listen] asks the socket that is there: a dead one
// is replaced, a living one refused, and what is no socket is never touched.
//
// Read listen.go, then clear.go (what may be replaced) and folder.go (two
// processes that open sockets in one folder).
package unixsock
