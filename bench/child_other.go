//go:build !linux

package main

import "syscall"

// childAttr has nothing to ask for here: if the benchmark is killed with
// SIGKILL, a worker that runs stays.
func childAttr() *syscall.SysProcAttr { return nil }
