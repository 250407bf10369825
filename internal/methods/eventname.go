package methods

import (
	"reflect"
	"slices"
	"strings"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/status"
)

// EventName is the control socket's name of a type of events. Legion's own have
// pkg as the name of their package.
func EventName(t reflect.Type, pkg string) string {
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

// EventTypes describes the types of events on a bus, by name.
func EventTypes(topics []bus.Topic) []status.EventType {
	all := []status.EventType{}
	for _, t := range topics {
		all = append(all, status.EventType{Type: EventName(t.Type, ""), Count: t.Emitted, Handlers: t.Handlers})
	}
	slices.SortFunc(all, func(a, b status.EventType) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// EventCounts returns how many events of each type were emitted, by names with
// their package.
func EventCounts(topics []bus.Topic) map[string]uint64 {
	counts := map[string]uint64{}
	for _, t := range topics {
		if t.Emitted > 0 {
			counts[EventName(t.Type, "legion.")] = t.Emitted
		}
	}
	return counts
}
