package feed

import (
	"context"
	"encoding/json"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

// Update is an item of a topic: what changed since the one before.
type Update[V any] struct {
	Topic  string       `json:"topic"`
	At     time.Time    `json:"at"`
	Full   bool         `json:"full"` // what is not in Set is gone
	Set    map[string]V `json:"set"`
	Gone   []string     `json:"gone"`
	Add    []V          `json:"add"`    // of the log and the events
	Missed uint64       `json:"missed"` // … that were left out before Add
}

// Worker is a worker of a pool.
type Worker struct {
	status.WorkerStats
	Pool    string    `json:"pool"`
	Started time.Time `json:"started"` // Age is not exact
}

// Record is a record of the log.
type Record struct {
	Time    time.Time       `json:"time"`
	Level   string          `json:"level"`
	Message string          `json:"message"`
	Attrs   json.RawMessage `json:"attrs"`
}

// topics follows each topic with values of its type.
var topics = map[string]func(context.Context, *client.Client, *Feed, string) error{
	"daemon":  follow[status.Daemon],
	"pools":   follow[status.PoolStats],
	"funcs":   follow[status.FuncStats],
	"workers": follow[Worker],
	"calls":   follow[status.CallInfo],
	"slow":    follow[status.CallInfo],
	"deaths":  follow[status.Death],
	"kinds":   follow[status.DeathKind],
	"history": follow[status.Sample],
	"crons":   follow[status.Cron],
	"tasks":   follow[status.Task],
	"plugins": follow[status.Plugin],
	"logs":    follow[Record],
	"events":  follow[status.Event],
}

// follow tells each item of a topic.
func follow[V any](ctx context.Context, c *client.Client, f *Feed, topic string) error {
	params := map[string]any{"topics": []string{topic}, "every": f.options.Every}
	for item, err := range client.Stream[Update[V]](ctx, c, "watch", params) {
		if err != nil {
			return err
		}
		f.tell(&item)
	}
	return nil
}
