package describe

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
)

type oddError struct{ text string }

func (e *oddError) Error() string { return e.text } // of a nil one it panics

type oddSignal int

func (oddSignal) MarshalJSON() ([]byte, error) { return nil, errors.New("never") }

type odd struct {
	Text     string
	Bytes    []byte
	NaN, Pi  float64
	Far      time.Time
	Took     time.Duration
	Signal   syscall.Signal
	Err      error
	NilErr   error
	Own      oddSignal
	List     []odd
	Numbers  []int
	Map      map[string]int
	Pointer  *odd
	Func     func()
	Any      any
	Complex  complex128
	unseen   string
	HTTPPort uint16
}

// Whatever an event has in it, it can be told, and is not long.
func TestValue(t *testing.T) {
	e := odd{
		Text: "a\xffb", Bytes: []byte("bytes"), NaN: math.NaN(), Pi: 1.5, Far: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC),
		Took: time.Second, Signal: syscall.SIGHUP, Err: (*oddError)(nil), Own: 3, List: []odd{{Text: "inner"}},
		Numbers: make([]int, 1000), Map: map[string]int{"x": 1}, Pointer: &odd{}, Func: func() {}, Any: 7, Complex: 1i, unseen: "x", HTTPPort: 80,
	}
	fields, ok := Value(reflect.ValueOf(e)).(map[string]any)
	if !ok {
		t.Fatal("it is no object")
	}
	b, err := strictjson.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"text":"a` + "\uFFFD" + `b"`, `"bytes":"bytes"`, `"na_n":"NaN"`, `"pi":1.5`, `"far":"20000-01-01`, `"took":1}`, `"signal":"SIGHUP"`,
		`"err":"<nil>"`, `"nil_err":null`, `"own":3`, `"text":"inner"`, `"… 900 more"`, `"map":"map[string]int of 1"`,
		`"pointer":"*describe.odd"`, `"func":"func()"`, `"any":7`, `"complex":"(0+1i)"`, `"http_port":80`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("there is no %s in %s", want, b)
		}
	}
	if strings.Contains(string(b), "unseen") {
		t.Errorf("what is not exported is told: %s", b)
	}
	var self []any
	self = append(self, 1, nil)
	self[1] = self
	wide := make([]string, 90)
	for i := range wide {
		wide[i] = strings.Repeat("x", 10_000)
	}
	for _, v := range []any{self, wide, strings.Repeat("y", 10<<20), make([]byte, 10<<20), [][]string{wide, wide}} {
		if b, err = strictjson.Marshal(Value(reflect.ValueOf(v))); err != nil || len(b) > 6*mostBytes+1000 {
			t.Errorf("%T: %d bytes, %v", v, len(b), err)
		}
	}
}

// A text is replaced wherever it is; what was made is left alone.
func TestWithout(t *testing.T) {
	made := map[string]any{"stack": "secret", "err": "known", "list": []any{map[string]any{"stack": "secret"}, "stack"}, "inner": map[string]any{"stack": ""}, "n": 1}
	got, err := strictjson.Marshal(Without(made, "stack", "no"))
	if want := `{"err":"known","inner":{"stack":""},"list":[{"stack":"no"},"stack"],"n":1,"stack":"no"}`; err != nil || string(got) != want {
		t.Errorf("%s (%v), not %s", got, err, want)
	}
	if made["stack"] != "secret" || made["list"].([]any)[0].(map[string]any)["stack"] != "secret" {
		t.Errorf("it was changed: %v", made)
	}
}
