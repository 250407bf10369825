package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// world is what a hub looks at.
type world struct {
	mu     sync.Mutex
	values map[string]int // the topic is the text before the first dot
	looks  int
}

func (w *world) set(key string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.values[key] = n; n < 0 {
		delete(w.values, key)
	}
}

func (w *world) look(wanted func(string) bool, put func(topic, key, pool string, value any)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	for key, n := range w.values {
		topic, pool := key[:1], key[2:3]
		if wanted(topic) {
			put(topic, key, pool, n)
		}
	}
}

// seen collects what a viewer gets, as text.
type seen struct {
	mu  sync.Mutex
	all []string
}

func (s *seen) send(item []byte) error {
	var c status.Change
	if err := strictjson.Unmarshal(item, &c); err != nil {
		return err
	}
	text := c.Topic
	if c.Full {
		text += " full"
	}
	for _, key := range slices.Sorted(maps.Keys(c.Set)) {
		text += fmt.Sprintf(" %s=%s", key, c.Set[key])
	}
	slices.Sort(c.Gone)
	for _, key := range c.Gone {
		text += " -" + key
	}
	for _, item := range c.Add {
		text += " +" + string(item)
	}
	if c.Missed > 0 {
		text += fmt.Sprintf(" missed=%d", c.Missed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, text)
	return nil
}

// got returns what came since the last time.
func (s *seen) got() []string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

func expect(t *testing.T, s *seen, want ...string) {
	t.Helper()
	if got := s.got(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// watching starts a view that ends with the test.
func watching(t *testing.T, h *Hub, v View, send func([]byte) error) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := h.View(ctx, v, send); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
}

// A viewer gets everything, then each value that changed, whole, and nothing
// about a topic in which nothing did.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p1": 1, "a.q1": 2, "b.p1": 3}}
		var s, p seen
		h := New(w.look)
		watching(t, h, View{Topics: []string{"b", "a", "c"}, Every: time.Second}, s.send)
		watching(t, h, View{Topics: []string{"a"}, Every: time.Second, Pool: "p"}, p.send)
		expect(t, &s, "b full b.p1=3", "a full a.p1=1 a.q1=2", "c full")
		expect(t, &p, "a full a.p1=1")
		time.Sleep(10 * time.Second)
		expect(t, &s)
		w.set("a.q1", 5)
		time.Sleep(time.Second)
		expect(t, &s, "a a.q1=5")
		expect(t, &p)
		w.set("a.p1", -1)
		w.set("a.p2", 7)
		time.Sleep(time.Second)
		expect(t, &s, "a a.p2=7 -a.p1")
		expect(t, &p, "a a.p2=7 -a.p1")
		w.set("a.p1", 1) // back again
		time.Sleep(time.Second)
		expect(t, &s, "a a.p1=1")
		if n := len(h.topics["a"].entries); n != 3 {
			t.Errorf("%d entries are kept of a topic with 3", n)
		}
	})
}

// However many view, and at whatever times they came, there is one snapshot in
// each interval of the fastest; of topics that nobody views there is none.
func TestOneSnapshotForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p": 1}}
		h := New(w.look)
		var viewers [10]seen
		for i := range viewers {
			watching(t, h, View{Topics: []string{"a"}, Every: time.Second}, viewers[i].send)
			time.Sleep(130 * time.Millisecond)
			synctest.Wait()
		}
		w.mu.Lock()
		w.looks = 0
		w.mu.Unlock()
		for n := range 20 { // not at the moment of their turn
			w.set("a.p", 10+n)
			time.Sleep(time.Second)
		}
		w.mu.Lock()
		if w.looks != 20 {
			t.Errorf("%d snapshots in 20 s", w.looks)
		}
		w.mu.Unlock()
		for i := range viewers {
			if got := viewers[i].got(); len(got) < 20 || got[len(got)-1] != "a a.p=29" {
				t.Errorf("viewer %d got %q", i, got)
			}
		}
	})
}

// Who had to wait for a snapshot gets that one, however long it took.
func TestSlowSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		h := New(func(wanted func(string) bool, put func(topic, key, pool string, value any)) {
			looks++
			time.Sleep(700 * time.Millisecond)
		})
		h.viewers[&viewer{topics: []string{"a"}, seen: map[string]uint64{"a": 0}}] = struct{}{}
		for range 5 { // one after the other, as the lock lets them in
			h.refresh(time.Second / 2)
		}
		if looks != 1 {
			t.Errorf("%d snapshots for five that came at once", looks)
		}
	})
}

// What viewers get is encoded once for all who know as much, and apart for
// those who want to see one pool.
func TestEncodedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p": 1, "a.q": 1}}
		h := New(w.look)
		got := make([][][]byte, 4)
		for i, pool := range []string{"", "", "p", "p"} {
			watching(t, h, View{Topics: []string{"a"}, Every: time.Second, Pool: pool}, func(item []byte) error {
				got[i] = append(got[i], item)
				return nil
			})
		}
		synctest.Wait()
		w.set("a.p", 2)
		time.Sleep(time.Second)
		synctest.Wait()
		for n := range 2 {
			same := func(i, j int) bool { return &got[i][n][0] == &got[j][n][0] }
			if !same(0, 1) || !same(2, 3) || same(1, 2) {
				t.Errorf("item %d: %q", n, got)
			}
		}
	})
}

// Who wants to hear rarely gets what is true now all the same, and not what the
// last viewer saw.
func TestFirstItemIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p": 1}}
		h := New(w.look)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var before, rare seen
		if err := h.View(ctx, View{Topics: []string{"a"}, Every: time.Second}, before.send); err != nil {
			t.Fatal(err)
		}
		w.set("a.p", 2)
		time.Sleep(time.Minute)
		watching(t, h, View{Topics: []string{"a"}, Every: time.Hour}, rare.send)
		expect(t, &rare, "a full a.p=2")
	})
}

// Nothing is queued for a viewer that does not take its items: then it gets the
// newest state. It holds up nobody.
func TestSlowViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p": 1, "a.q": 1}}
		h := New(w.look)
		var slow, quick seen
		stuck := make(chan struct{})
		watching(t, h, View{Topics: []string{"a"}, Every: time.Second}, func(item []byte) error {
			err := slow.send(item)
			<-stuck
			return err
		})
		watching(t, h, View{Topics: []string{"a"}, Every: time.Second}, quick.send)
		synctest.Wait()
		w.set("a.q", -1)
		time.Sleep(time.Second / 3) // not at the moment of their turn
		for n := range 100 {
			w.set("a.p", 2+n)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := len(quick.got()); n < 100 {
			t.Errorf("it held up another one, which got %d items", n)
		}
		expect(t, &slow, "a full a.p=1 a.q=1")
		close(stuck)
		time.Sleep(time.Second)
		expect(t, &slow, "a a.p=101 -a.q")
		time.Sleep(5 * time.Second)
		expect(t, &slow)
	})
}

// Lists come as they are; what cannot be sent becomes a text. An error of send
// ends the view, and a hub without viewers looks at nothing.
func TestListsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p": 1}}
		h := New(w.look)
		rest := []any{1, make(chan int)}
		list := List{Topic: "events", Take: func() ([]any, uint64) {
			all := rest
			rest = nil
			return all, uint64(len(all))
		}}
		var s seen
		unlucky := errors.New("unlucky")
		err := h.View(t.Context(), View{Topics: []string{"a"}, Lists: []List{list}, Every: time.Second}, func(item []byte) error {
			_ = s.send(item)
			if bytes.HasPrefix(item, []byte(`{"topic":"events"`)) {
				return unlucky
			}
			return nil
		})
		if err != unlucky || len(s.all) != 2 || s.all[0] != "a full a.p=1" || len(s.all[1]) < 20 || s.all[1][:11] != `events +1 +` {
			t.Errorf("%v %q", err, s.all)
		}
		looks := w.looks
		time.Sleep(time.Hour)
		if len(h.viewers) > 0 || len(h.topics) > 0 || w.looks != looks {
			t.Error("a viewer is left, or what it saw")
		}
	})
}

// What has gone is not remembered for ever because a viewer looks seldom: it
// gets everything anew, and only such a viewer does.
func TestSeldomViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{values: map[string]int{"a.p": 1}}
		var seldom, often seen
		h := New(w.look)
		watching(t, h, View{Topics: []string{"a"}, Every: time.Hour}, seldom.send)
		watching(t, h, View{Topics: []string{"a"}, Every: time.Second}, often.send)
		expect(t, &seldom, "a full a.p=1")
		for i := range 2 * mostGone / 100 {
			for _, n := range []int{1, -1} {
				for k := range 100 {
					w.set(fmt.Sprintf("a.%d", 100*i+k), n)
				}
				time.Sleep(2 * time.Second)
			}
			h.mu.Lock()
			if n := len(h.topics["a"].entries); n > mostGone+101 {
				t.Errorf("%d values are remembered", n)
			}
			h.mu.Unlock()
		}
		time.Sleep(time.Hour)
		if got := seldom.got(); len(got) != 1 || got[0] != "a full a.p=1" {
			t.Errorf("it gets %d items, the first with %.30s…", len(got), got[0])
		}
		full := 0
		for _, item := range often.got() {
			if strings.Contains(item, "full") {
				full++
			}
		}
		if full != 1 {
			t.Errorf("the viewer that looks each second got everything %d times", full)
		}
		w.set("a.q", 2)
		time.Sleep(time.Hour)
		expect(t, &seldom, "a a.q=2")
		w.set("a.q", -1)
		time.Sleep(time.Hour)
		expect(t, &seldom, "a -a.q")
	})
}
