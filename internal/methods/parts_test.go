package methods

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/status"
)

// The configuration is shown as text, and secrets are masked.
func TestSettings(t *testing.T) {
	f := newFake()
	f.settings = struct {
		LogLevel int
		Command  []string
		Access   map[string]string
		Signals  map[syscall.Signal]string
		Inner    struct{ PID bool }
		Logger   *int
		Hook     func()
	}{LogLevel: 4, Command: []string{"a", "b"}, Access: map[string]string{"user:ops": "admin", "token:ci:s3cret": "read"}, Signals: map[syscall.Signal]string{syscall.SIGHUP: "event"}}
	var got []string
	for _, s := range (caller{Daemon: f}).settings() {
		got = append(got, s.Key+": "+s.Value)
		if strings.Contains(s.Value, "s3cret") {
			t.Errorf("the secret is shown: %s", s.Value)
		}
	}
	for _, want := range []string{"log_level: 4", "command: a b", "signals: SIGHUP=event", "inner.pid: false"} {
		if !slices.Contains(got, want) {
			t.Errorf("there is no %s in %q", want, got)
		}
	}
	if len(got) != 5 {
		t.Errorf("%q", got)
	}
}

// Legion's own events have no package, but one of another name; those of a
// program have theirs.
func TestEventName(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		"WorkerExited":       reflect.TypeFor[event.WorkerExited](),
		"Error":              reflect.TypeFor[event.Failure](),
		"*Log":               reflect.TypeFor[*event.Log](),
		"*Stats":             reflect.TypeFor[*status.Stats](),
		"methods.None":       reflect.TypeFor[None](),
		"string":             reflect.TypeFor[string](),
		"*bus.PanicError":    reflect.TypeFor[*bus.PanicError](),
		"map[string]float64": reflect.TypeFor[map[string]float64](),
	} {
		if got := EventName(typ, ""); got != want {
			t.Errorf("%v is %s, not %s", typ, got, want)
		}
	}
	if got := EventName(reflect.TypeFor[*event.Log](), "legion."); got != "*legion.Log" {
		t.Error(got)
	}
}

// Events are listed by name, and counted if there were any.
func TestEventTypes(t *testing.T) {
	topics := []bus.Topic{{Type: reflect.TypeFor[event.Started](), Emitted: 1}, {Type: reflect.TypeFor[event.Idle](), Handlers: 2}}
	if got := EventTypes(topics); !slices.Equal(got, []status.EventType{{Type: "Idle", Handlers: 2}, {Type: "Started", Count: 1}}) {
		t.Errorf("%+v", got)
	}
	if got := EventCounts(topics); len(got) != 1 || got["legion.Started"] != 1 {
		t.Errorf("%v", got)
	}
}

// A client that follows events gets those that it names, or all but the
// frequent.
func TestFollowEvents(t *testing.T) {
	for name, c := range map[string]struct{ types, want []string }{
		"all":   {nil, []string{"Started", "Shutdown"}},
		"named": {[]string{"Idle", "Shutdown"}, []string{"Idle", "Shutdown"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var got []string
			done := make(chan error, 1)
			go func() {
				done <- caller{Daemon: f}.followEvents(ctx, followEventsIn{c.types}, func(e status.Event) error {
					if got = append(got, e.Type); e.Type == "Shutdown" {
						cancel()
					}
					return nil
				})
			}()
			for !f.events.Followed() {
				select {
				case err := <-done:
					t.Fatal(err)
				default:
				}
			}
			for _, typ := range []string{"Idle", "Started", "PreExecute", "PostExecute", "Shutdown"} {
				f.events.Offer(status.Event{Type: typ})
			}
			if err := <-done; err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
