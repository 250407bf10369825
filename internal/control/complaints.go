package control

import (
	"context"
	"log/slog"
	"time"

	"github.com/legion-go/legion/internal/pace"
)

// This many complaints are logged at once, and in each complaintSpan.
const (
	complaintSpan = time.Minute
	complaintMost = 20
)

// complaints logs the misbehaviour of clients, without letting them fill the
// log.
type complaints struct {
	log   *slog.Logger
	limit *pace.Limit
}

func newComplaints(log *slog.Logger) *complaints {
	return &complaints{log, pace.New(pace.Options{
		Burst: complaintMost, Rate: complaintMost / complaintSpan.Seconds(), Pause: complaintSpan,
		Tell: func(left uint64) { log.Warn("control: more was refused than is logged", "left_out", left) },
	})}
}

// say logs a complaint, or counts it as left out.
func (c *complaints) say(what string, attrs ...any) {
	if c.limit.Take(1) {
		c.log.Log(context.Background(), slog.LevelWarn, what, attrs...)
	}
}

// flush reports what was left out.
func (c *complaints) flush() { c.limit.Flush() }
