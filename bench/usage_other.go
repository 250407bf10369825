//go:build !linux

package main

import "time"

// CPU time and memory of other processes are read on Linux only; their columns
// stay empty here.

func ownCPU() (time.Duration, bool) { return 0, false }

func processCPU([]int) (time.Duration, bool) { return 0, false }

func processMemory([]int) (private, pss float64, ok bool) { return 0, 0, false }

func readBusy() (busy, bool) { return busy{}, false }
