package rpc_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// A registry is used and added to from many goroutines at once.
func TestConcurrency(t *testing.T) {
	r := newRegistry(t, rpc.Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 20 {
				name := fmt.Sprintf("n.%d.%d", i, j)
				if err := r.Add(rpc.Typed(name, "", rpc.None, func(context.Context, none) (int, error) { return j, nil })); err != nil {
					t.Error(err)
				}
				if a := call(t, r, name, "[]"); string(a.Result) != fmt.Sprint(j) {
					t.Errorf("%s: %s", name, a.Result)
				}
				call(t, r, "system.listMethods", "[]")
			}
			if _, err := xmlCall(t, r, "rpc.discover"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
