//go:build !linux

package client

import "net"

// listenerOf is not known here.
func listenerOf(net.Conn) int { return 0 }

// isStopped is not known here.
func isStopped(int) bool { return false }
