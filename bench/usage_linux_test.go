package main

import (
	"testing"
	"time"
)

func TestBusyOf(t *testing.T) {
	const stat = "cpu  100 20 3 40000 5000 6 7 8 900 0\ncpu0 1 1 1 1 1 1 1 1 1 1\ncpu1 2 2 2 2 2 2 2 2 2 2\nintr 5\n"
	if got, cpus, ok := busyOf(stat); !ok || got != 1440*time.Millisecond || cpus != 2 {
		t.Errorf("%v, %d CPUs, %v", got, cpus, ok)
	}
	for _, stat := range []string{"", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 x 4 5 6 7 8\ncpu0 1"} {
		if _, _, ok := busyOf(stat); ok {
			t.Errorf("%q was understood", stat)
		}
	}
	if b, ok := readBusy(); !ok || b.all <= 0 || b.own <= 0 || b.own > b.all+time.Second {
		t.Errorf("this machine: %+v, %v", b, ok)
	}
}
