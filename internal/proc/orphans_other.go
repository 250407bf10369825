//go:build unix && !linux

package proc

import "errors"

// These systems have no sub-reapers, and do not show the environment of other
// processes.

func newCookie(string) (text string, child uint64) { return "", 0 }
func forget(uint64)                                {}

const cookieName = "_LEGION_WORKER"

// Adopt does nothing here.
func Adopt() error { return errors.ErrUnsupported }

// EndLeftovers finds nothing here.
func EndLeftovers(string) int { return 0 }

// EndEscaped finds nothing here.
func EndEscaped() int { return 0 }

// ReapOrphans does nothing here.
func ReapOrphans() {}
