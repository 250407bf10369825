package proc

import "sync/atomic"

// A test binary that starts itself again runs all its tests again, in the child, unless something in it looks for the
// role first. prepared says that something does.
var prepared atomic.Bool

// PrepareTests tells that this test binary will look for its role before it runs tests.
func PrepareTests() { prepared.Store(true) }

// TestsPrepared reports whether PrepareTests has been called.
func TestsPrepared() bool { return prepared.Load() }
