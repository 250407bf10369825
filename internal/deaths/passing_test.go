package deaths_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

func pass(t *testing.T, r *deaths.Registry) []byte {
	t.Helper()
	b, err := r.Memory().Pass()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPassing(t *testing.T) {
	var before, after deaths.Registry
	if b := pass(t, &before); b != nil {
		t.Errorf("nothing is passed on as %q", b)
	}
	for n := range 300 {
		d := death("p", fmt.Sprintf("main.f%d (a.go:1)", n), n)
		d.Argument = n%2 == 0
		before.Add(d, []byte("secret argument"))
	}
	b := pass(t, &before)
	if bytes.Contains(b, []byte("secret")) {
		t.Error("an argument is passed on")
	}
	if err := after.Memory().Take(b); err != nil {
		t.Fatal(err)
	}
	was := before.All()
	for i := range was {
		if was[i].Argument {
			was[i].Argument, was[i].NoArgument = false, "it stayed in the process before the upgrade or the restart"
		}
	}
	if is := after.All(); !reflect.DeepEqual(is, was) {
		t.Errorf("passed on:\n%+v\nnot\n%+v", is[0], was[0])
	}
	if is, was := after.Kinds(), before.Kinds(); !reflect.DeepEqual(is, was) {
		t.Errorf("kinds:\n%+v\nnot\n%+v", is, was)
	}
	if d, first := after.Add(death("p", "main.f299 (b.go:7)", 1), nil); d.Number != 301 || first {
		t.Errorf("the next one is %+v, first %v", d, first)
	}
	if after.Memory().Take(b) == nil {
		t.Error("taken twice")
	}
}

// Why a recording is gone is known in each later process too.
func TestPassingOfGoneRecordings(t *testing.T) {
	var r deaths.Registry
	recording := func() pool.Recording { return pool.Recording{Name: pool.TraceName, Bytes: make([]byte, 40<<20)} }
	r.Add(death("p", "", 1), nil, recording())
	r.Add(death("p", "", 2), nil, recording()) // takes the place of the first
	r.Add(death("p", "", 3), nil)
	for range 3 {
		var next deaths.Registry
		if err := next.Memory().Take(pass(t, &r)); err != nil {
			t.Fatal(err)
		}
		for number, want := range []string{1: "its recordings made room for those of later deaths", 2: "its recordings went with the process before the upgrade or the restart", 3: ""} {
			if _, gone := next.Recordings(uint64(number)); gone != want {
				t.Errorf("death %d: %q", number, gone)
			}
		}
		r = deaths.Registry{}
		if err := r.Memory().Take(pass(t, &next)); err != nil {
			t.Fatal(err)
		}
	}
}

// A death after the others have passed on has no number, which would be that of
// another one in the next process; without a next process it has one again.
func TestNumbersArePassedOn(t *testing.T) {
	var r deaths.Registry
	c := &pool.Certificate{Death: death("p", "", 0)}
	keep := func(want uint64) {
		t.Helper()
		if number, _ := r.Keep(c); number != want {
			t.Errorf("number %d, not %d", number, want)
		}
	}
	keep(1)
	var next deaths.Registry
	if err := next.Memory().Take(pass(t, &r)); err != nil {
		t.Fatal(err)
	}
	keep(0)
	if number, _ := next.Keep(c); number != 2 {
		t.Errorf("number %d in the next process", number)
	}
	r.Stay()
	keep(3)
	if _, ok := r.Get(2); !ok {
		t.Error("a death while the next process was starting is not kept")
	}
}

// What is passed on is of one moment: a death is in all parts of it or in none.
func TestPassingIsOneMoment(t *testing.T) {
	var r deaths.Registry
	r.Add(death("p", "", 0), nil)
	var adding sync.WaitGroup
	var over atomic.Bool
	for range 4 {
		adding.Go(func() {
			for n := 0; !over.Load(); n++ {
				r.Add(death("p", "", n), nil)
			}
		})
	}
	defer func() {
		over.Store(true)
		adding.Wait()
	}()
	for range 50 {
		var p struct {
			Number uint64
			Deaths []status.Death
			Kinds  []status.DeathKind
		}
		if err := json.Unmarshal(pass(t, &r), &p); err != nil {
			t.Fatal(err)
		}
		if last := p.Deaths[len(p.Deaths)-1].Number; last != p.Number || p.Kinds[0].Count != p.Number {
			t.Fatalf("%d deaths, the last certificate is %d, their kind has %d", p.Number, last, p.Kinds[0].Count)
		}
	}
}

// Whatever workers print, all certificates that are kept reach the next
// process.
func TestPassingFits(t *testing.T) {
	for _, char := range []string{"\x01", "<", "\u2028", "\xff", "a"} {
		var r, next deaths.Registry
		for n := range deaths.Kept {
			d := death("p", "", n)
			d.Stack, d.Why = strings.Repeat(char, 64<<10/len(char)), strings.Repeat(char, 1000)
			d.Stderr = slices.Repeat([]string{strings.Repeat(char, 1<<10)}, 64)
			r.Add(d, nil)
		}
		b := pass(t, &r)
		if most := r.Memory().Most; int64(len(b)) > most {
			t.Errorf("%q: %d bytes are passed on, %d are taken", char, len(b), most)
		}
		if err := next.Memory().Take(b); err != nil || len(next.All()) != len(r.All()) {
			t.Errorf("%q: %d of %d: %v", char, len(next.All()), len(r.All()), err)
		}
	}
}

// What another version of the program sends may be anything.
func TestForeignPassing(t *testing.T) {
	for text, want := range map[string]string{
		``:                      "end of JSON",
		`{}`:                    "its format",
		`{"legion":"deaths 2"}`: "its format",
		`{"legion":"deaths 1","number":1,"deaths":[{"number":2}]}`:                                            "number 2",
		`{"legion":"deaths 1","number":9,"deaths":[{"number":2},{"number":2}]}`:                               "number 2 after 2",
		`{"legion":"deaths 1","number":9,"deaths":[{"number":0}]}`:                                            "number 0",
		`{"legion":"deaths 1","number":9,"deaths":[` + strings.Repeat(`{"number":1},`, 32) + `{"number":2}]}`: "more than are ever kept",
	} {
		var r deaths.Registry
		if err := r.Memory().Take([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v", text, err)
		}
		if d, _ := r.Add(death("p", "", 0), nil); d.Number != 1 {
			t.Errorf("%.60s: the next number is %d", text, d.Number)
		}
	}
	var r deaths.Registry
	newer := `{"legion":"deaths 1","number":9,"more":[1],"deaths":[{"number":5,"why":"so","shape":"round"}],"kinds":[{"kind":"0123abcd","count":3,"number":5},{"kind":"x","count":1},{"kind":"0123abcd","count":2}]}`
	if err := r.Memory().Take([]byte(newer)); err != nil {
		t.Fatal(err)
	}
	if d, ok := r.Get(5); !ok || d.Why != "so" {
		t.Errorf("%+v", d)
	}
	if k := r.Kinds(); len(k) != 1 || k[0].Count != 3 || k[0].Number != 5 {
		t.Errorf("%+v", k)
	}
}

func FuzzTake(f *testing.F) {
	var r deaths.Registry
	for n := range 3 {
		r.Add(death("p", "main.f (a.go:1)", n), nil)
	}
	b, err := r.Memory().Pass()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"legion":"deaths 1","number":18446744073709551615,"lost":3,"left_out":{"count":3}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r deaths.Registry
		if r.Memory().Take(b) != nil {
			return
		}
		r.Add(death("p", "main.f (a.go:1)", 1), nil)
		if again, err := r.Memory().Pass(); err != nil || int64(len(again)) > r.Memory().Most {
			t.Errorf("%d bytes, %v", len(again), err)
		}
	})
}
