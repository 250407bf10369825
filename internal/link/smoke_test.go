package link_test

import (
	"sync"
	"testing"

	"github.com/legion-go/legion/internal/link"
)

func TestEchoAcrossProcesses(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		c, _ := start(t, tr, link.Options{}, "go")
		cl := newClient(c)
		within(t, "calls", func() {
			for _, n := range []int{0, 1, 47, 48, 49, 64, 1000, 16 << 10, 16<<10 + 1, 200 << 10, 256<<10 - 16, 256<<10 - 15, 256 << 10, 1 << 20, 5 << 20} {
				p := make([]byte, n)
				for i := range p {
					p[i] = byte(i * 7)
				}
				mustCall(t, cl, p)
			}
			var wg sync.WaitGroup
			for g := range 64 {
				wg.Go(func() {
					p := make([]byte, 100*g)
					for range 100 {
						got, err := cl.call(p, nil)
						if err != nil || len(got) != len(p) {
							t.Error(err, len(got))
							return
						}
					}
				})
			}
			wg.Wait()
		})
		c.Close()
		if err := await(t, "Serve", cl.ended); err != nil {
			t.Error(err)
		}
	})
}
