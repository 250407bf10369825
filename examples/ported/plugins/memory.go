package main

import (
	"context"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

// memoryPlugin logs now and then how much memory the daemon uses.
type memoryPlugin struct {
	interval time.Duration
	last     time.Time
}

func (m *memoryPlugin) Name() string { return "memory" } // the alias

// Attach is called by d.Use, as setup was by addPlugin.
func (m *memoryPlugin) Attach(d *legion.Daemon) error {
	legion.On(d, func(context.Context, event.Idle) error {
		if time.Since(m.last) >= m.interval {
			m.last = time.Now()
			used := d.Stats().Memory
			d.Logger().Info("memory", "now", used.Now, "peak", used.Peak, "growth", int64(used.Now)-int64(used.Initial))
		}
		return nil
	})
	return nil
}

// Stats is what the plugin adds to the daemon's statistics.
func (m *memoryPlugin) Stats() any { return map[string]any{"last": m.last} }
