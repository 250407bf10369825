// Package sockets keeps the listening sockets of a daemon over its life: opened
// at the start, handed to the next process in an upgrade, put back when their
// file is removed, closed at the stop.
//
// # Who owns the file of a Unix socket
//
// The process that is the daemon. Closing an inherited listener leaves its file
// in place, until Own is called: the previous process may still go on. GiveAway
// closes a listener that the next process has taken over, and leaves the file.
//
//   - listener.go: one listener
//   - restore.go: the file of a Unix socket that was removed
//   - server.go: a server on a listener, and how it stops
//   - files.go: the files that must stay; keeper.go: the watch over them
package sockets
