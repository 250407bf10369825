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
	if err := enter(); err != nil {
		panic(err)
	}
	code := m.Run()
	leave()
	os.Exit(code)
}

// everyPeer runs f with each peer whose workers this binary can play. Legion
// starts no workers from a test binary unless the binary was built only for
// that, and the race detector finds races within shmipc-go; TestRun measures
// both. Workers are started from a thread that does not end before them (see
// childAttr).
func everyPeer(t *testing.T, f func(t *testing.T, p Peer)) {
	for _, p := range allPeers(1) {
		if _, is := p.(legionPeer); is || p.Name() == shmipcName {
			continue
		}
		t.Run(p.Name(), func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if l, is := p.(lifePeer); is {
				if err := l.Prepare(); err != nil {
					t.Fatal(err)
				}
			}
			f(t, p)
		})
	}
}
