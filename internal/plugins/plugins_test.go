package plugins

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// A plugin that is attached is found by its type or by an interface; the first
// that fits.
func TestFind(t *testing.T) {
	h := newHost()
	a, b := h.part("a"), h.part("b")
	h.use(t, named("silent"), a, b)
	for want, typ := range map[Plugin]reflect.Type{named("silent"): reflect.TypeFor[named](), a: reflect.TypeFor[*part]()} {
		if p, err := h.set.Find(typ); p != want || err != nil {
			t.Errorf("%v: %v, %v", typ, p, err)
		}
	}
	if p, err := h.set.Find(reflect.TypeFor[plugin.Stopper]()); p != a || err != nil {
		t.Errorf("a Stopper: %v, %v", p, err)
	}
	if p, err := h.set.Find(reflect.TypeFor[plugin.LockReporter]()); p != nil || err != nil {
		t.Errorf("a LockReporter: %v, %v", p, err)
	}
	if life := h.since(); !slices.Equal(life, []string{"silent attach", "a attach", "b attach"}) {
		t.Errorf("%q", life)
	}
}

// What cannot be a plugin is refused.
func TestRefusals(t *testing.T) {
	h := newHost()
	h.use(t, named("a"))
	h.refuses = "b"
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"a name twice":      {h.set.Add(named("a")), "a plugin of that name exists already"},
		"a lazy name twice": {h.set.AddLazy("a", func() (named, error) { return "", nil }), "a plugin of that name exists already"},
		"one that refuses":  {h.set.Add(named("b")), "refused"},
		"nothing":           {h.set.AddLazy("c", nil), "it needs a func() (P, error)"},
		"no function":       {h.set.AddLazy("c", named("c")), "not a plugins.named"},
		"an argument":       {h.set.AddLazy("c", func(int) (named, error) { return "", nil }), "not a func(int)"},
		"no error":          {h.set.AddLazy("c", func() named { return "" }), "not a func() plugins.named"},
		"no plugin":         {h.set.AddLazy("c", func() (int, error) { return 0, nil }), "not a func() (int, error)"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
}

// A lazy plugin is made when it is first asked for, once, also when many ask at
// the same time, and started if the daemon runs.
func TestLazy(t *testing.T) {
	for _, runs := range []bool{false, true} {
		h := newHost()
		h.runs = runs
		made := 0 // no lock: it is made once
		if err := h.set.AddLazy("lazy", func() (*part, error) { made++; return h.part("lazy"), nil }); err != nil {
			t.Fatal(err)
		}
		if l := h.set.List(); len(l) != 1 || l[0] != (status.Plugin{Name: "lazy", Type: "*plugins.part", State: "promised"}) {
			t.Errorf("%+v", l)
		}
		found := make(chan Plugin, 8)
		for range cap(found) {
			go func() {
				p, err := h.set.Find(reflect.TypeFor[*part]())
				if err != nil {
					t.Error(err)
				}
				found <- p
			}()
		}
		first := <-found
		for range cap(found) - 1 {
			if p := <-found; p != first {
				t.Error("there are two of it")
			}
		}
		want, state := []string{"lazy attach"}, "made"
		if runs {
			want, state = []string{"lazy attach", "lazy start", "cancel"}, "started"
		}
		if life := h.since(); made != 1 || !slices.Equal(life, want) {
			t.Errorf("made %d times: %q", made, life)
		}
		if l := h.set.List(); l[0].State != state {
			t.Errorf("%+v", l)
		}
		if err := h.set.Start(t.Context()); err != nil {
			t.Error(err)
		}
		h.set.Stop(t.Context())
		want = []string{"lazy start", "lazy stop"}
		if runs {
			want = want[1:] // it was started already
		}
		if life := h.since(); !slices.Equal(life, want) {
			t.Errorf("%q", life)
		}
	}
}

// A lazy plugin that cannot be made, attached or started is asked for again the
// next time, and neither started nor stopped.
func TestLazyThatFails(t *testing.T) {
	h := newHost()
	h.runs, h.refuses = true, "lazy"
	tries, p := 0, h.part("lazy")
	p.fails = "start"
	if err := h.set.AddLazy("lazy", func() (*part, error) {
		if tries++; tries == 1 {
			return nil, errors.New("no luck")
		}
		return p, nil
	}); err != nil {
		t.Fatal(err)
	}
	find := func() error { _, err := h.set.Find(reflect.TypeFor[*part]()); return err }
	for _, want := range []string{"no luck", "refused", "no start"} {
		if err := find(); err == nil || err.Error() != "making plugin lazy: "+want {
			t.Errorf("%v, not %s", err, want)
		}
		if want == "refused" {
			h.refuses = ""
		}
	}
	h.since()
	h.set.Stop(t.Context())
	if life := h.since(); len(life) > 0 {
		t.Errorf("what never started: %q", life)
	}
	p.fails = ""
	if err := find(); err != nil {
		t.Error(err)
	}
}

// A plugin may use another one while it starts and stops.
func TestPluginThatUsesAnother(t *testing.T) {
	h := newHost()
	h.runs = true
	h.use(t, &user{named: "user", h: h})
	if err := h.set.AddLazy("lazy", func() (*part, error) { return h.part("lazy"), nil }); err != nil {
		t.Fatal(err)
	}
	if err := h.set.Start(t.Context()); err != nil {
		t.Error(err)
	}
	if errs := h.set.Stop(t.Context()); len(errs) > 0 {
		t.Error(errs)
	}
	if want := []string{"user attach", "lazy attach", "lazy start", "cancel", "lazy stop"}; !slices.Equal(h.life, want) {
		t.Errorf("%q", h.life)
	}
}

type user struct {
	named
	h *host
}

func (u *user) use() error {
	u.h.set.Stats()
	_, err := u.h.set.Find(reflect.TypeFor[*part]())
	return err
}
func (u *user) Start(context.Context) error { return u.use() }
func (u *user) Stop(context.Context) error  { return u.use() }

// Each gives those that are made and can do a thing, by their names.
func TestEach(t *testing.T) {
	h := newHost()
	h.use(t, h.part("a"), named("silent"), h.part("b"))
	if err := h.set.AddLazy("lazy", func() (*part, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range Each[plugin.Starter](&h.set) {
		names = append(names, name)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%q", names)
	}
	for name := range Each[plugin.Starter](&h.set) {
		if name != "a" {
			t.Error("it goes on")
		}
		break
	}
}

// All plugins are asked whether they are well, whatever others say.
func TestCheck(t *testing.T) {
	h := newHost()
	a, b, c := h.part("a"), h.part("b"), h.part("c")
	a.fails, b.fails, b.panics = "check", "check", true
	h.use(t, a, b, c)
	errs := fmt.Sprint(h.set.Check())
	if life := h.life[3:]; !slices.Equal(life, []string{"a check", "b check", "c check"}) ||
		!strings.HasPrefix(errs, "[plugin a: no check plugin b: panic: unlucky") || strings.Contains(errs, "plugin c") {
		t.Errorf("%q: %s", life, errs)
	}
}
