package link_test

import (
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/shm"
)

// Both ends see the same meters; the worker's stay after Close, the daemon's
// go.
func TestMeters(t *testing.T) {
	daemon, files, err := link.New(link.SharedMemory, link.Options{Meters: 5000})
	if err != nil {
		t.Fatal(err)
	}
	worker, err := link.Open(link.SharedMemory, files, link.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var theirs []byte
	if !worker.Meters(func(mem []byte) { theirs = mem }) || len(theirs) != 8192 {
		t.Fatalf("%d bytes of meters", len(theirs))
	}
	for i, b := range theirs {
		if b != 0 {
			t.Fatalf("byte %d is %d", i, b)
		}
	}
	theirs[0], theirs[8191] = 1, 2
	_ = worker.Close()
	theirs[1] = 3
	if !daemon.Meters(func(mem []byte) {
		if mem[0] != 1 || mem[1] != 3 || mem[8191] != 2 {
			t.Errorf("the daemon sees %d, %d and %d", mem[0], mem[1], mem[8191])
		}
	}) {
		t.Error("the daemon has no meters")
	}
	_ = daemon.Close()
	if daemon.Meters(func([]byte) { t.Error("meters of a closed link") }) {
		t.Error("a closed link has meters")
	}
	if err := shm.Unmap(theirs); err != nil {
		t.Error(err)
	}
}

// A link that is to have no meters has none.
func TestNoMeters(t *testing.T) {
	for _, transport := range []link.Transport{link.SharedMemory, link.Socket} {
		daemon, worker := pair(t, transport, link.Options{})
		for _, c := range []link.Conn{daemon, worker} {
			if c.Meters(func([]byte) { t.Error("called") }) {
				t.Error("a link without meters has some")
			}
		}
	}
}
