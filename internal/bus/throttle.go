package bus

import (
	"context"
	"sync"
	"time"
)

// Throttle returns a handler that calls h for an event, and ignores later
// events until every has passed since the beginning of that call.
func Throttle(every time.Duration, h Handler) Handler {
	var mu sync.Mutex
	var next time.Time
	return func(ctx context.Context, event any) error {
		now := time.Now()
		mu.Lock()
		early := now.Before(next)
		if !early {
			next = now.Add(every)
		}
		mu.Unlock()
		if early {
			return nil
		}
		return h(ctx, event)
	}
}
