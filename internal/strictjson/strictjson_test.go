package strictjson_test

import (
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

type level int

func (l level) MarshalText() ([]byte, error) { return []byte{'L', '0' + byte(l)}, nil }

func (l *level) UnmarshalText(text []byte) error {
	if len(text) != 2 || text[0] != 'L' {
		return errors.New("a level is L0 to L9")
	}
	*l = level(text[1] - '0')
	return nil
}

type sample struct {
	Name    string                   `json:"name"`
	Every   time.Duration            `json:"every,omitzero"`
	At      time.Time                `json:"at,omitzero"`
	Raw     []byte                   `json:"raw,omitempty"`
	Level   level                    `json:"level,omitzero"`
	Small   int8                     `json:"small,omitzero"`
	Size    uint                     `json:"size,omitzero"`
	Tags    []string                 `json:"tags,omitempty"`
	Inner   *sample                  `json:"inner,omitempty"`
	Waits   map[string]time.Duration `json:"waits,omitempty"`
	Text    jsontext.Value           `json:"text,omitempty"`
	Pair    [2]int                   `json:"pair,omitzero"`
	Percent float64                  `json:"percent,omitzero"`
	On      bool                     `json:"on,omitzero"`
}

func TestMarshal(t *testing.T) {
	var noList []int
	var noMap map[string]int
	var none *sample
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, `null`},
		{noList, `[]`},
		{noMap, `{}`},
		{none, `null`},
		{map[string]int{"b": 2, "a": 1, "c": 3}, `{"a":1,"b":2,"c":3}`},
		{[]byte("legion"), `"bGVnaW9u"`},
		{time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), `"2026-01-02T03:04:05.000006Z"`},
		{90 * time.Second, `90`},
		{time.Duration(0), `0`},
		{1500 * time.Millisecond, `1.5`},
		{-1500 * time.Millisecond, `-1.5`},
		{time.Nanosecond, `0.000000001`},
		{time.Duration(math.MaxInt64), `9223372036.854775807`},
		{time.Duration(math.MinInt64), `-9223372036.854775808`},
		{map[time.Duration]int{time.Second: 1, 1500 * time.Millisecond: 2}, `{"1":1,"1.5":2}`},
		{sample{Name: "x", Every: time.Minute, Level: 3}, `{"name":"x","every":60,"level":"L3"}`},
		{[]any{time.Second, level(2)}, `[1,"L2"]`},
		{"a\xffb", `"a�b"`},
		{"<&>", `"<&>"`},
		{jsontext.Value(" { \"a\" :\n 1.0e400 } "), `{"a":1.0e400}`},
	} {
		got, err := strictjson.Marshal(c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%#v: %s, %v; want %s", c.value, got, err, c.want)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	type ring struct{ Next any }
	loop := &ring{}
	loop.Next = loop
	for _, c := range []struct {
		value any
		want  string
	}{
		{math.NaN(), "NaN"},
		{make(chan int), "chan int"},
		{map[string]any{"a": []any{0, func() {}}}, "/a/1: func()"},
		{loop, "cycle"},
		{jsontext.Value(`{"a":1,"a":2}`), "twice"},
	} {
		data, err := strictjson.Marshal(c.value)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %s, %v; want an error with %q", c.value, data, err, c.want)
		}
	}
}

func TestUnmarshal(t *testing.T) {
	var got sample
	text := ` {"name":"x","every":"1m30s","at":"2026-01-02T03:04:05Z","raw":"bGVnaW9u","level":"L7","small":-128,"size":5,
		"tags":["a"],"inner":{"name":"y"},"waits":{"a":0.25,"b":"2"},"text":{"k":[1]},"pair":[1,2],"percent":0.5,"on":true} `
	if err := strictjson.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := sample{
		Name: "x", Every: 90 * time.Second, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Raw: []byte("legion"), Level: 7,
		Small: -128, Size: 5, Tags: []string{"a"}, Inner: &sample{Name: "y"},
		Waits: map[string]time.Duration{"a": 250 * time.Millisecond, "b": 2 * time.Second},
		Text:  jsontext.Value(`{"k":[1]}`), Pair: [2]int{1, 2}, Percent: 0.5, On: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	data, err := strictjson.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var again sample
	if err := strictjson.Unmarshal(data, &again); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("there and back: %+v, %v", again, err)
	}
}

// Each of these is refused, with the place and what to write instead.
func TestUnmarshalRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		kind strictjson.Kind
		want string
	}{
		{``, strictjson.Syntax, `unexpected EOF`},
		{`{"name":"x"`, strictjson.Syntax, `unexpected EOF`},
		{`{"name":"x"} {}`, strictjson.Syntax, `after top-level value`},
		{`{"name":"x",}`, strictjson.Syntax, ``},
		{"{\"name\":\"\xff\"}", strictjson.Syntax, `invalid UTF-8`},
		{`{"name":"\ud800"}`, strictjson.Syntax, `surrogate`},
		{`{"name":"x","name":"y"}`, strictjson.Duplicate, `at /name: the member "name" appears twice`},
		{`{"name":"x","n\u0061me":"y"}`, strictjson.Duplicate, `the member "name" appears twice`},
		{`{"Name":"x"}`, strictjson.Unknown, `at /Name: there is no member "Name"`},
		{`{"inner":{"other":1}}`, strictjson.Unknown, `at /inner/other: there is no member "other"`},
		{`{"name":5}`, strictjson.Value, `at /name: expected a string, got a number`},
		{`{"small":128}`, strictjson.Value, `at /small: expected an integer from -128 to 127, got 128`},
		{`{"small":1.5}`, strictjson.Value, `expected an integer from -128 to 127, got 1.5`},
		{`{"size":-1}`, strictjson.Value, `expected an integer that is not negative, got -1`},
		{`{"size":"1"}`, strictjson.Value, `expected an integer that is not negative, got a string`},
		{`{"on":1}`, strictjson.Value, `expected true or false, got a number`},
		{`{"percent":{}}`, strictjson.Value, `expected a number, got an object`},
		{`{"tags":"a"}`, strictjson.Value, `expected a list, got a string`},
		{`{"tags":["a",2]}`, strictjson.Value, `at /tags/1: expected a string, got a number`},
		{`{"raw":"%"}`, strictjson.Value, `at /raw: expected a string in base64: illegal base64 data`},
		{`{"pair":[1]}`, strictjson.Value, `expected a list of 2`},
		{`{"inner":[]}`, strictjson.Value, `expected an object, got a list`},
		{`{"every":true}`, strictjson.Value, `expected a number of seconds or a string such as "1m30s", got true or false`},
		{`{"every":"soon"}`, strictjson.Value, `"soon" is not a duration`},
		{`{"every":1e300}`, strictjson.Value, `292 years`},
		{`{"at":"now"}`, strictjson.Value, `expected a time such as "2006-01-02T15:04:05Z": parsing time "now"`},
		{`{"level":"x"}`, strictjson.Value, `at /level: a level is L0 to L9`},
		{`{"level":true}`, strictjson.Value, `at /level: expected a string, got true or false`},
		{`{"text":` + strings.Repeat("[", strictjson.MaxDepth+1), strictjson.Syntax, `depth`},
	} {
		var v sample
		err := strictjson.Unmarshal([]byte(c.text), &v)
		e, ok := errors.AsType[*strictjson.Error](err)
		if !ok || e.Kind != c.kind || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "expected a string, got a string") {
			t.Errorf("%.60s: kind %v: %v; want %v with %q", c.text, e, err, c.kind, c.want)
		}
	}
}

func TestUnmarshalKnown(t *testing.T) {
	var v sample
	if err := strictjson.UnmarshalKnown([]byte(`{"newer":[1],"name":"x"}`), &v); err != nil || v.Name != "x" {
		t.Errorf("%+v, %v", v, err)
	}
	if err := strictjson.UnmarshalKnown([]byte(`{"name":"x","name":"x"}`), &v); err == nil {
		t.Error("a member may be there twice")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`90`:                    90 * time.Second,
		`0.000000001`:           1,
		`-0.5`:                  -500 * time.Millisecond,
		`1e3`:                   1000 * time.Second,
		`15E-1`:                 1500 * time.Millisecond,
		`9223372036.854775807`:  math.MaxInt64,
		`0.1234567891`:          123456789,
		`"2h"`:                  2 * time.Hour,
		`"1.5"`:                 1500 * time.Millisecond,
		`"-3ms"`:                -3 * time.Millisecond,
		`null`:                  0,
		`-9223372036.854775808`: math.MinInt64,
	} {
		var got time.Duration
		if err := strictjson.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{`9223372037`, `1e10`, `""`, `"1x"`, `"1ss"`, `"NaN"`, `"1e400"`, `[]`} {
		var got time.Duration
		if err := strictjson.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		text  string
		depth int
		ok    bool
		kind  strictjson.Kind
	}{
		{`1`, 0, true, 0},
		{`[]`, 0, false, strictjson.Deep},
		{`[[]]`, 2, true, 0},
		{`{"a":[[]]}`, 2, false, strictjson.Deep},
		{`["[[[","\"[[","\\"]`, 1, true, 0},
		{`[1],`, 4, false, strictjson.Syntax},
		{"[1]\n \t\r", 4, true, 0},
		{"[1]\x00", 4, false, strictjson.Syntax},
		{`[1]]`, 4, false, strictjson.Syntax},
		{`"open`, 4, false, strictjson.Syntax},
		{`"open\`, 4, false, strictjson.Syntax},
		{` `, 4, false, strictjson.Syntax},
		{`{"a":1,"a":1}`, 4, false, strictjson.Duplicate},
	} {
		err := strictjson.Check([]byte(c.text), c.depth)
		e, _ := errors.AsType[*strictjson.Error](err)
		if c.ok != (err == nil) || !c.ok && (e == nil || e.Kind != c.kind) {
			t.Errorf("%s with %d: %v", c.text, c.depth, err)
		}
	}
}

func TestCheckList(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int // of the error, -1 if there is none
		kind   strictjson.Kind
	}{
		{`[]`, -1, 0},
		{`[1,2,3]`, -1, 0},
		{" \t\r\n[1,2,3]", -1, 0},
		{`[1,2,3,4]`, 6, strictjson.Long},
		{"\n[1,2,3,4]", 7, strictjson.Long},
		{`[[1,2,3,4],{"a":1,"b":2,"c":3,"d":4},",,,,\",,,"]`, -1, 0},
		{`[[1,2,3,4],{"a":1,"b":2,"c":3,"d":4},",,,,\",,,",0]`, 48, strictjson.Long},
		{`{"a":1,"b":2,"c":3,"d":4}`, -1, 0},
		{`"1,2,3,4"`, -1, 0},
		{`[1,2,3,4,[[[[`, 6, strictjson.Long}, // the first violation counts
		{`[[[[[,,,,`, 3, strictjson.Deep},
		{`[,,,`, 3, strictjson.Long},
		{`[1,2,3`, 6, strictjson.Syntax},
		{`1,2,3,4,5`, 1, strictjson.Syntax},
	} {
		err := strictjson.CheckList([]byte(c.text), 3, 3)
		e, _ := errors.AsType[*strictjson.Error](err)
		if (err == nil) != (c.offset < 0) || err != nil && (e == nil || e.Kind != c.kind || e.Offset != c.offset) {
			t.Errorf("%q: %#v", c.text, err)
		}
		if e != nil && e.Kind == strictjson.Long && e.Error() != "a list of more than 3 elements" {
			t.Errorf("%q: %v", c.text, e)
		}
	}
}

// Deep text is refused without memory for each level, and long text is checked
// without a copy.
func TestCheckIsCheap(t *testing.T) {
	for name, text := range map[string]string{
		"deep": strings.Repeat("[", 10<<20),
		"list": "[" + strings.Repeat("0,", 5<<20) + "0]",
		"long": `["` + strings.Repeat("x", 10<<20) + `"]`,
	} {
		data := []byte(text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = strictjson.CheckList(data, 64, 100)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}
