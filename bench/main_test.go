package main

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// The test binary plays the workers, too.
func TestMain(m *testing.M) {
	if role := takeRole(); role != "" {
		fmt.Fprintln(os.Stderr, "bench:", serve(role))
		os.Exit(1)
	}
	var err error
	if scratch, err = os.MkdirTemp("", "legion-bench-"); err != nil {
		panic(err)
	}
	code := m.Run()
	leave()
	os.Exit(code)
}

// everyPeer runs f with each peer. Workers are started from a thread that does not end before them (see childAttr).
func everyPeer(t *testing.T, f func(t *testing.T, p Peer)) {
	for _, p := range allPeers(1) {
		t.Run(p.Name(), func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			f(t, p)
		})
	}
}
