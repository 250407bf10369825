package lock

import "github.com/legion-go/legion"

// None is no lock: the daemon may run any number of times.
func None() legion.Plugin { return noLock{} }

type noLock struct{}

func (noLock) Name() string { return "lock-none" }
