package status

import (
	"encoding/json"
	"time"
)

// WatchTopics are the topics of the method watch.
var WatchTopics = []string{
	"daemon", "pools", "funcs", "workers", "calls", "slow", "deaths", "kinds", "history", "crons", "tasks", "plugins",
	"clients", "events", "logs",
}

// Change is an item of the method watch: what changed in a topic since the item
// before it. The topics events and logs have Add and Missed, the others Full,
// Set and Gone. The first item of each topic comes at once, also without any.
type Change struct {
	Topic string    `json:"topic"`
	At    time.Time `json:"at"` // when it was seen

	Full bool                       `json:"full"` // Set is all there is: the first item of a topic, and one to a client for which too much has changed
	Set  map[string]json.RawMessage `json:"set,omitempty"`
	Gone []string                   `json:"gone,omitempty"`

	Add    []json.RawMessage `json:"add,omitempty"`
	Missed uint64            `json:"missed,omitempty"` // how many were left out before the last ones of Add
}
