package strictjson_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// Numbers read into an interface are written back unchanged, wherever the
// interface is.
func TestNumbersInAny(t *testing.T) {
	for text, want := range map[string]any{
		`0`:                    int64(0),
		`-7`:                   int64(-7),
		`9007199254740993`:     int64(9007199254740993), // more than a float64 holds
		`9223372036854775807`:  int64(math.MaxInt64),
		`-9223372036854775808`: int64(math.MinInt64),
		`9223372036854775808`:  uint64(math.MaxInt64) + 1,
		`18446744073709551615`: uint64(math.MaxUint64),
		`18446744073709551616`: jsontext.Value(`18446744073709551616`),
		`-9223372036854775809`: jsontext.Value(`-9223372036854775809`),
		`1.5`:                  1.5,
		`1.0`:                  1.0,
		`1e3`:                  1000.0,
		`1E3`:                  1000.0,
		`-0`:                   math.Copysign(0, -1),
		`1e-400`:               0.0,
	} {
		var alone any
		var list []any
		var object map[string]any
		var deep any
		var member struct{ A any }
		for _, c := range []struct {
			text string
			into any
			got  func() any
		}{
			{text, &alone, func() any { return alone }},
			{"[" + text + "]", &list, func() any { return list[0] }},
			{`{"a":` + text + "}", &object, func() any { return object["a"] }},
			{`[{"a":[` + text + "]}]", &deep, func() any { return deep.([]any)[0].(map[string]any)["a"].([]any)[0] }},
			{`{"A": ` + text + " }", &member, func() any { return member.A }},
		} {
			if err := strictjson.Unmarshal([]byte(c.text), c.into); err != nil {
				t.Errorf("%s: %v", c.text, err)
			} else if got := c.got(); !reflect.DeepEqual(got, want) || sign(got) != sign(want) {
				t.Errorf("%s: %T %[2]v, want %T %[3]v", c.text, got, want)
			}
		}
		if _, real := want.(float64); real {
			continue
		}
		if back, err := strictjson.Marshal(deep); err != nil || string(back) != `[{"a":[`+text+`]}]` {
			t.Errorf("%s comes back as %s, %v", text, back, err)
		}
	}
}

func sign(v any) bool {
	f, _ := v.(float64)
	return math.Signbit(f)
}

// A number that is in the interface before keeps its type, if the new number
// fits; all other kinds work as usual.
func TestAny(t *testing.T) {
	var v any = int8(1)
	if err := strictjson.Unmarshal([]byte(`7`), &v); err != nil || v != int8(7) {
		t.Errorf("%T %[1]v, %v", v, err)
	}
	v = nil
	want := map[string]any{"a": []any{nil, true, "x", map[string]any{}, []any{}}}
	if err := strictjson.Unmarshal([]byte(`{"a":[null,true,"x",{},[]]}`), &v); err != nil || !reflect.DeepEqual(v, want) {
		t.Errorf("%#v, %v", v, err)
	}
	for text, says := range map[string]string{
		`{"a":[0,1e400]}`: "at /a/1: expected a number, got 1e400",
		`{"a":1,"a":2}`:   `at /a: the member "a" appears twice`,
		`[1`:              "unexpected EOF",
		`[-]`:             "invalid character",
	} {
		var v any
		if err := strictjson.Unmarshal([]byte(text), &v); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v; want an error with %q", text, v, err, says)
		}
	}
}
