package legion_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// The statistics count runs of Cron and reloads by how they ended, records of
// the log by level, and requests by method.
func TestWhatIsCounted(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, func(conf *legion.Config) { conf.Version = "7.1" })
	c.d.Cron("0 0 1 1 *", func(context.Context) error { return nil })
	c.d.Cron("0 0 2 1 *", func(context.Context) error { return errors.New("no luck") })
	c.d.Cron("0 0 3 1 *", func(context.Context) error { panic("lost") })
	c.start()
	client := c.dial()
	for _, name := range []string{"0 0 1 1 *", "0 0 1 1 *", "0 0 2 1 *", "0 0 3 1 *"} {
		ask[bool](t, client, "cron.run", args{"name": name})
	}
	before := c.d.Stats()
	c.d.Logger().Warn("careful")
	if err := c.d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := c.d.Stats()
	for i, want := range []map[string]uint64{
		{"ok": 2, "error": 0, "panicked": 0, "skipped": 0}, {"ok": 0, "error": 1, "panicked": 0, "skipped": 0}, {"ok": 0, "error": 0, "panicked": 1, "skipped": 0},
	} {
		if got := s.Crons[i]; !maps.Equal(got.Outcomes, want) || (got.LastOK != nil) != (i == 0) {
			t.Errorf("%s: %v", got.Name, got.Outcomes)
		}
	}
	if want := (status.ChangeCount{OK: 1}); s.Changes["reload"] != want || s.Changes["upgrade"] != (status.ChangeCount{}) {
		t.Error(s.Changes)
	}
	if got := s.Log.Levels.Warn - before.Log.Levels.Warn; got != 1 || s.Log.Levels.Error < 2 || s.Log.Levels.Info <= before.Log.Levels.Info {
		t.Errorf("%+v, before %+v", s.Log.Levels, before.Log.Levels)
	}
	if s.Control.Requests["cron.run"]["0"] != 4 || s.Control.Connections != 1 {
		t.Errorf("%+v", s.Control)
	}
	if s.Version != "7.1" || s.Legion == "" {
		t.Errorf("version %q of Legion %q", s.Version, s.Legion)
	}
}
