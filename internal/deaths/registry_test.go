package deaths_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

var birth = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// death is the n-th of its kind.
func death(of, frame string, n int) status.Death {
	return status.Death{
		Time: birth.Add(time.Duration(n) * time.Second), Pool: of, Cause: "exit", Frame: frame, Why: fmt.Sprint(n),
		Stack: "panic: oh\n\ngoroutine 1", Stderr: []string{"a", "b"}, Timeline: []status.Moment{{What: "reaped"}},
		Call: &status.DeathCall{Func: "f"}, Others: []status.DeathCall{{Func: "g"}},
	}
}

func TestTheLastAreKept(t *testing.T) {
	var r deaths.Registry
	if oldest, newest := r.Numbers(); oldest != 0 || newest != 0 || len(r.List(deaths.Filter{})) != 0 || len(r.Kinds()) != 0 {
		t.Error("an empty registry has something")
	}
	for n := range 100 {
		d, first := r.Add(death("p", "main.f (a.go:1)", n), nil)
		if d.Number != uint64(n+1) || first != (n == 0) || d.Stack != "" {
			t.Fatalf("%d: %+v, first %v", n, d, first)
		}
	}
	oldest, newest := r.Numbers()
	if all := r.All(); len(all) != deaths.Kept || oldest != 69 || newest != 100 || all[0].Number != oldest || all[31].Why != "99" {
		t.Errorf("%d are kept, from %d to %d", len(all), oldest, newest)
	}
	if _, ok := r.Get(68); ok {
		t.Error("one too many is kept")
	}
	d, ok := r.Get(69)
	if !ok || d.Stack == "" || len(d.Stderr) != 2 || len(d.Timeline) != 1 || d.Call.Func != "f" || len(d.Others) != 1 {
		t.Errorf("%+v", d)
	}
	d.Stderr[0], d.Call.Func = "changed", "changed" // by a caller
	if d, _ := r.Get(69); d.Stderr[0] != "a" || d.Call.Func != "f" {
		t.Error("a caller has changed what is kept")
	}
}

func TestFilters(t *testing.T) {
	var r deaths.Registry
	for n := range 10 {
		r.Add(death([]string{"p", "q"}[n%2], "main.f (a.go:1)", n), nil)
	}
	kind := r.List(deaths.Filter{Pool: "q", Limit: 1})[0].Kind
	for _, c := range []struct {
		deaths.Filter
		want int
	}{{deaths.Filter{}, 10}, {deaths.Filter{Pool: "p"}, 5}, {deaths.Filter{Kind: kind}, 5}, {deaths.Filter{Kind: kind, Pool: "p"}, 0}, {deaths.Filter{Limit: 3}, 3}} {
		list := r.List(c.Filter)
		if len(list) != c.want {
			t.Errorf("%+v: %d", c.Filter, len(list))
		}
		for i, d := range list {
			if d.Stack != "" || d.Stderr != nil || d.Timeline != nil || i > 0 && d.Number >= list[i-1].Number {
				t.Errorf("%+v: %+v", c.Filter, d)
			}
		}
	}
}

// However much a worker prints, and however many calls it runs, what is kept is
// bounded.
func TestBytesAreBounded(t *testing.T) {
	var r deaths.Registry
	long := strings.Repeat("é\xff", 40<<10)
	for n := range 64 {
		d := death(long, long, n)
		d.Why, d.Stack, d.Stderr = long, long, nil
		for range 200 {
			d.Stderr = append(d.Stderr, long[:2000])
			d.Others = append(d.Others, status.DeathCall{Func: long[:2000]})
			d.Timeline = append(d.Timeline, status.Moment{What: long[:2000]})
		}
		r.Add(d, make([]byte, 1<<20))
	}
	bytes, arguments := 0, 0
	count := func(s string) {
		if bytes += len(s); !utf8.ValidString(s) {
			t.Fatal("a text is not UTF-8")
		}
	}
	all := r.All()
	for _, d := range all {
		for _, s := range append(d.Stderr, d.Pool, d.Why, d.Frame, d.Stack, d.Call.Func) {
			count(s)
		}
		for _, o := range d.Others {
			count(o.Func)
		}
		for _, m := range d.Timeline {
			count(m.What)
		}
		if _, argument, _ := r.Whole(d.Number); argument != nil {
			arguments += len(argument)
		} else if d.Argument || d.NoArgument == "" {
			t.Errorf("an argument has gone: %v, %q", d.Argument, d.NoArgument)
		}
	}
	if len(all) < 4 || bytes > 3<<20 || arguments > 16<<20 {
		t.Errorf("%d certificates, %d bytes, arguments of %d bytes", len(all), bytes, arguments)
	}
}

func TestOldArgumentsGoFirst(t *testing.T) {
	var r deaths.Registry
	for n := range 20 {
		d := death("p", "", n)
		d.Argument = true
		r.Add(d, make([]byte, 1<<20))
	}
	for n := uint64(1); n <= 20; n++ {
		d, argument, ok := r.Whole(n)
		if want := n > 4; !ok || d.Argument != want || (argument != nil) != want {
			t.Errorf("%d: %v %q", n, d.Argument, d.NoArgument)
		}
	}
}

func TestKinds(t *testing.T) {
	var r deaths.Registry
	for n := range 3 {
		r.Add(death("p", fmt.Sprintf("main.f (a.go:%d)", n), n), nil) // a hanging function, on several lines
	}
	r.Add(death("p", "main.g (a.go:1)", 3), nil)
	r.Add(death("q", "main.g (a.go:1)", 4), nil)
	for code := range 2 {
		d := death("q", "", 5+code)
		d.Code = code
		r.Add(d, nil)
	}
	kinds := r.Kinds()
	if len(kinds) != 5 {
		t.Fatalf("%d kinds: %+v", len(kinds), kinds)
	}
	if k := kinds[0]; k.Count != 3 || k.Frame != "main.f (a.go:2)" || k.Why != "2" || k.Number != 3 || !k.First.Equal(birth) || !k.Last.Equal(birth.Add(2*time.Second)) || len(k.Kind) != 8 {
		t.Errorf("%+v", k)
	}
	for n := range 40 {
		r.Add(death("r", "", n), nil)
	}
	if k := r.Kinds()[1]; k.Number != 0 || k.Count != 3 {
		t.Errorf("its certificates are gone: %+v", k)
	}
}

// Of very many kinds those with the most deaths stay, and the rest is counted.
func TestKindsAreBounded(t *testing.T) {
	var r deaths.Registry
	for range 5 {
		r.Add(death("p", "main.often (a.go:1)", 0), nil)
	}
	for n := range 1000 {
		r.Add(death("p", fmt.Sprintf("main.f%d (a.go:1)", n), n), nil)
	}
	kinds, deaths := r.Kinds(), uint64(0)
	for _, k := range kinds {
		deaths += k.Count
	}
	last := kinds[len(kinds)-1]
	if len(kinds) != 129 || deaths != 1005 || kinds[0].Frame != "main.often (a.go:1)" || kinds[1].Frame != "main.f999 (a.go:1)" {
		t.Errorf("%d kinds of %d deaths, first %+v, then %+v", len(kinds), deaths, kinds[0], kinds[1])
	}
	if last.Kind != "" || last.Count != 1001-128 || !strings.Contains(last.Why, "kinds with fewer; the 128 kinds") {
		t.Errorf("left out: %+v", last)
	}
}

func TestConcurrentUse(t *testing.T) {
	var r deaths.Registry
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range 200 {
				r.Add(death("p", "", n), []byte{1})
				r.List(deaths.Filter{})
				r.Kinds()
				r.All()
			}
		})
	}
	all.Wait()
	if _, newest := r.Numbers(); newest != 800 {
		t.Error(newest)
	}
}

func BenchmarkAdd(b *testing.B) {
	var r deaths.Registry
	d := death("p", "main.f (a.go:1)", 1)
	d.Stack = strings.Repeat("main.f()\n\t/a/b/c.go:1\n", 2000)
	for b.Loop() {
		r.Add(d, nil)
	}
}

// Recordings are kept as long as there is room, those of the newest deaths.
func TestRecordingsAreBounded(t *testing.T) {
	var r deaths.Registry
	large := pool.Recording{Name: "trace.out", Bytes: make([]byte, 20<<20)}
	for n := range 5 {
		r.Add(death("p", "main.f (a.go:1)", n), nil, large, pool.Recording{Name: "cpu.pb.gz", Bytes: []byte("p")})
	}
	for n := uint64(1); n <= 5; n++ {
		d, _ := r.Get(n)
		all, gone := r.Recordings(n)
		if kept := n > 2; (len(all) == 2) != kept || (len(d.Blobs) == 2) != kept || strings.Contains(gone, "later deaths") == kept {
			t.Errorf("death %d: %d recordings, %v, %q", n, len(all), d.Blobs, gone)
		}
	}
	var next deaths.Registry
	if err := next.Memory().Take(pass(t, &r)); err != nil {
		t.Fatal(err)
	}
	if d, ok := next.Get(5); !ok || len(d.Blobs) != 0 {
		t.Errorf("recordings that stay here are listed there: %+v", d)
	}
	next.Add(death("p", "main.f (a.go:1)", 6), nil, large, large, large, large)
	for n, says := range map[uint64]string{5: "before the upgrade", 6: "later deaths", 7: ""} {
		if n == 7 {
			next.Add(death("p", "main.f (a.go:1)", 7), nil)
		}
		if all, gone := next.Recordings(n); len(all) != 0 || !strings.Contains(gone, says) || (says == "") != (gone == "") {
			t.Errorf("death %d: %d recordings, gone %q, want %q", n, len(all), gone, says)
		}
	}
}
