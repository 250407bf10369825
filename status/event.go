package status

import "time"

// EventType is a type of events.
type EventType struct {
	Type     string `json:"type"`
	Count    uint64 `json:"count"` // how many times it was emitted
	Handlers int    `json:"handlers"`
}

// Event is an event as the control socket sends it.
type Event struct {
	Time time.Time `json:"time"`
	Type string    `json:"type"` // as in event.list
	Data any       `json:"data"`
}
