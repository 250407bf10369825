//go:build !linux

package main

import "syscall"

// childAttr sets nothing here: if the benchmark gets SIGKILL, a running worker
// stays.
func childAttr() *syscall.SysProcAttr { return nil }
