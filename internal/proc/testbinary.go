package proc

import "sync/atomic"

// A test binary that starts itself again would run all its tests again in the
// child, unless its code checks for its purpose first. prepared says that it
// does.
var prepared atomic.Bool

// PrepareTests records that this test binary checks for its purpose before it
// runs tests.
func PrepareTests() { prepared.Store(true) }

// TestsPrepared reports whether PrepareTests was called.
func TestsPrepared() bool { return prepared.Load() }
