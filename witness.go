package legion

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/status"
)

func (d *Daemon) eventList() []status.EventType {
	all := []status.EventType{}
	for _, t := range d.events.bus.Topics() {
		all = append(all, status.EventType{Type: eventName(t.Type, ""), Count: t.Emitted, Handlers: t.Handlers})
	}
	slices.SortFunc(all, func(a, b status.EventType) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// eventName is what the control socket calls a type of events. Legion's own have
// pkg for the name of their package.
func eventName(t reflect.Type, pkg string) string {
	inner, star := t, ""
	if t.Kind() == reflect.Pointer {
		inner, star = t.Elem(), "*"
	}
	switch {
	case inner == reflect.TypeFor[event.Failure]():
		return star + pkg + "Error"
	case inner.PkgPath() == module, inner.PkgPath() == module+"/event", inner.PkgPath() == module+"/status":
		return star + pkg + inner.Name()
	}
	return t.String()
}

// module is the path of this module.
const module = "github.com/legion-go/legion"

// eventCounts returns how often events of each type were emitted.
func (d *Daemon) eventCounts() map[string]uint64 {
	counts := map[string]uint64{}
	for _, t := range d.events.bus.Topics() {
		if t.Emitted > 0 {
			counts[eventName(t.Type, "legion.")] = t.Emitted
		}
	}
	return counts
}

// witness shows an event to those who follow events. It costs next to nothing
// when there are none.
func witness[E any](d *Daemon, event E) {
	if d.events.watchers.Followed() {
		v := reflect.ValueOf(event)
		e := status.Event{Time: time.Now(), Type: eventName(reflect.TypeFor[E](), "")}
		if d.events.watchers.Wanted(e) {
			e.Data = describe.Value(v)
			d.events.watchers.Offer(e)
		}
	}
}
