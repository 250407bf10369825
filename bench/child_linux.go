package main

import "syscall"

// childAttr makes the kernel kill a worker when the thread that started it
// ends. The main goroutine of the benchmark is locked to its thread for ever
// and starts all workers, so that thread ends with the process, whatever ends
// it.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
