// Package conformance tests the control socket with third-party clients: HTTP
// and line tools, and the JSON-RPC and XML-RPC libraries of several languages.
// It holds tests only.
//
// The folder clients has a script for each, which prints its checks in the Test
// Anything Protocol. TestClients starts one daemon, the program in the folder
// daemon, and runs every script whose interpreter and library are on this
// machine; for the others it logs what is missing. make conformance installs
// first what can be installed, and prints a table.
//
// A script gets the daemon's addresses as CONTROL_UNIX, a path, and
// CONTROL_TCP, a host and a port.
package conformance
