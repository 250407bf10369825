package deaths_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/deaths"
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
