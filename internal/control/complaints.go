package control

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// In each complaintSpan so many complaints are logged.
const (
	complaintSpan = time.Minute
	complaintMost = 20
)

// complaints logs what strangers did, without letting them fill the log.
type complaints struct {
	log *slog.Logger

	mu      sync.Mutex
	since   time.Time // when the span began
	said    int       // in it
	leftOut int
	report  *time.Timer // at the end of a span in which something was left out
}

// say logs, or counts what is left out.
func (c *complaints) say(what string, attrs ...any) {
	c.mu.Lock()
	if time.Since(c.since) > complaintSpan {
		c.since, c.said = time.Now(), 0
	}
	c.said++
	silent := c.said > complaintMost
	if silent {
		c.leftOut++
		if c.report == nil {
			c.report = time.AfterFunc(complaintSpan-time.Since(c.since), c.flush)
		}
	}
	c.mu.Unlock()
	if !silent {
		c.log.Log(context.Background(), slog.LevelWarn, what, attrs...)
	}
}

// flush reports what was left out.
func (c *complaints) flush() {
	c.mu.Lock()
	n := c.leftOut
	c.leftOut = 0
	if c.report != nil {
		c.report.Stop()
		c.report = nil
	}
	c.mu.Unlock()
	if n > 0 {
		c.log.Warn("control: more was refused than is logged", "left_out", n)
	}
}
