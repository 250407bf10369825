package history

import (
	"context"
	"time"
)

// Run calls Tick each second with what machines returns, until ctx ends.
func (h *History) Run(ctx context.Context, machines func() []Machine) {
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	for {
		select {
		case <-seconds.C:
			h.Tick(time.Now(), machines())
		case <-ctx.Done():
			return
		}
	}
}
