package rpc_test

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

func TestParams(t *testing.T) {
	r := newRegistry(t, rpc.Options{},
		rpc.Typed("pointer", "", rpc.None, func(_ context.Context, p *pair) (bool, error) { return p == nil, nil }),
		rpc.Typed("when", "", rpc.None, func(_ context.Context, at time.Time) (string, error) { return at.Format(time.Kitchen), nil }),
		rpc.Typed("list", "", rpc.None, func(_ context.Context, list []int) (int, error) { return len(list), nil }),
		rpc.Typed("role", "", rpc.None, func(_ context.Context, r rpc.Role) (rpc.Role, error) { return r, nil }),
		rpc.Typed("maybe", "", rpc.None, func(_ context.Context, n *int) (bool, error) { return n == nil, nil }),
		rpc.Method{Name: "own", In: reflect.TypeFor[int](), InName: "level",
			Call: func(_ context.Context, in any) (any, error) { return in.(int) + 1, nil }},
		rpc.Method{Name: "bare", Call: func(_ context.Context, in any) (any, error) { return in == struct{}{}, nil }},
	)
	for _, c := range []struct{ method, params, want string }{
		{"subtract", `[3,1]`, `2`},
		{"subtract", `{"subtrahend":3,"minuend":1}`, `-2`},
		{"nothing", `[]`, `true`},
		{"nothing", `{}`, `true`},
		{"bare", `[]`, `true`},
		{"days", `[30]`, `30`},
		{"days", `{"value":30}`, `30`},
		{"own", `{"level":1}`, `2`},
		{"pointer", `[1,2]`, `false`},
		{"when", `["2026-01-02T15:04:05Z"]`, `"3:04PM"`},
		{"list", `[[1,2,3]]`, `3`},
		{"list", `{"value":[]}`, `0`},
		{"role", `["operate"]`, `"operate"`},
		{"maybe", `[]`, `true`},
		{"maybe", `[null]`, `true`},
		{"maybe", `[0]`, `false`},
		{"any", `[null]`, `null`},
		{"any", `[{"b":1.5,"a":[true]}]`, `{"a":[true],"b":1.5}`},
		{"echo", `[ { "b" : 1E400 ,` + "\n" + `"a":[ ] } ]`, `{"b":1E400,"a":[]}`},
		{"shape", `["box",4]`, `{"name":"box","sides":4,"tag":null}`},
		{"shape", `["box",4,null,"t"]`, `{"name":"box","sides":4,"tag":"t"}`},
		{"shape", `["box",4,"1m30s"]`, `{"name":"box","sides":4,"every":90,"tag":null}`},
		{"shape", `["box",4,0.25]`, `{"name":"box","sides":4,"every":0.25,"tag":null}`},
		{"shape", `{"tag":null,"sides":3,"name":"","inner":{"a":[{"X":1,"Y":2}]}}`,
			`{"name":"","sides":3,"tag":null,"inner":{"a":[{"X":1,"Y":2}]}}`},
	} {
		if a := call(t, r, c.method, c.params); string(a.Result) != c.want {
			t.Errorf("%s %s: %s %s, want %s", c.method, c.params, a.Result, a.message(), c.want)
		}
	}
}

// The message names the parameter and says what is expected.
func TestParamsRefused(t *testing.T) {
	r := newRegistry(t, rpc.Options{},
		rpc.Typed("role", "", rpc.None, func(_ context.Context, r rpc.Role) (rpc.Role, error) { return r, nil }),
		rpc.Typed("either", "", rpc.None, func(_ context.Context, e rpc.Either[int, rpc.Role]) (any, error) { return e.Value(), nil }),
	)
	for _, c := range []struct{ method, params, want string }{
		{"subtract", `[]`, `parameter "minuend" is missing: expected an integer`},
		{"subtract", `[1]`, `parameter "subtrahend" is missing: expected an integer`},
		{"subtract", `{"minuend":1}`, `parameter "subtrahend" is missing: expected an integer`},
		{"subtract", `[1,2,3]`, `too many parameters: subtract takes minuend, subtrahend`},
		{"subtract", `{"minuend":1,"Subtrahend":2}`, `there is no parameter "Subtrahend": subtract takes minuend, subtrahend`},
		{"subtract", `[1,"2"]`, `parameter "subtrahend": expected an integer, got a string`},
		{"subtract", `{"minuend":1.5,"subtrahend":2}`, `parameter "minuend": expected an integer, got 1.5`},
		{"subtract", `[1,null]`, `parameter "subtrahend": expected an integer, got null`},
		{"subtract", `[9223372036854775808,1]`, `parameter "minuend": expected an integer, got 9223372036854775808`},
		{"nothing", `[1]`, `too many parameters: nothing takes none`},
		{"nothing", `{"x":1}`, `there is no parameter "x": nothing takes none`},
		{"days", `[]`, `parameter "value" is missing: expected an integer`},
		{"days", `["x"]`, `parameter "value": expected an integer, got a string`},
		{"days", `{"days":1}`, `there is no parameter "days": days takes value`},
		{"shape", `["box",300]`, `parameter "sides": expected an integer from -128 to 127, got 300`},
		{"shape", `{"nam":"box"}`, `there is no parameter "nam": shape takes name, sides, every (optional), tag (optional), inner (optional)`},
		{"shape", `["box",3,"soon"]`, `parameter "every": expected a number of seconds or a string such as "1m30s": "soon" is not a duration`},
		{"shape", `{"name":"box","sides":1,"inner":{"a/b":[{"X":1},{"X":"1"}]}}`, `parameter "inner" at /a~1b/1/X: expected a number, got a string`},
		{"role", `["god"]`, `parameter "value": the role "god" is unknown: it is none, read, operate or admin`},
		{"role", `[7]`, `parameter "value": expected a string, got a number`},
		{"either", `["god"]`, `parameter "value": the role "god" is unknown: it is none, read, operate or admin`},
		{"either", `[true]`, `parameter "value": expected an integer or a string, got true or false: it is neither`},
		{"shape", `{"name":"box","sides":1,"inner":{"a":[{"Z":1}]}}`, `parameter "inner" at /a/0: there is no member "Z"`},
	} {
		a := call(t, r, c.method, c.params)
		if a.code() != rpc.CodeParams || a.message() != "Invalid params: "+c.want {
			t.Errorf("%s %s:\ngot  %d %s\nwant %s", c.method, c.params, a.code(), a.message(), c.want)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	ok := func(context.Context, none) (int, error) { return 0, nil }
	r := newRegistry(t, rpc.Options{})
	type deep struct {
		Good int
		Bad  map[string][]struct {
			Deeper chan int `json:"deeper"`
		} `json:"bad"`
	}
	type Numbers []int
	type nameless struct{ Numbers }
	for want, m := range map[string]rpc.Method{
		"the method nothing exists already":                      rpc.Typed("nothing", "", rpc.None, ok),
		"a method needs a name":                                  rpc.Typed("", "", rpc.None, ok),
		`the character 'ä'`:                                      rpc.Typed("fähig", "", rpc.None, ok),
		`the character ' '`:                                      rpc.Typed("a b", "", rpc.None, ok),
		"begins with rpc.":                                       rpc.Typed("rpc.auth", "", rpc.None, ok),
		"begins with system.":                                    rpc.Typed("system.exit", "", rpc.None, ok),
		"longer than 128 bytes":                                  rpc.Typed(strings.Repeat("x", 129), "", rpc.None, ok),
		"either Call or Stream":                                  {Name: "x"},
		"its parameters: bad[][].deeper: chan int has no JSON":   rpc.Typed("x", "", rpc.None, func(context.Context, deep) (int, error) { return 0, nil }),
		"its result: func() has no JSON":                         rpc.Typed("x", "", rpc.None, func(context.Context, none) (func(), error) { return nil, nil }),
		"its parameters: io.Reader is an interface with methods": rpc.Typed("x", "", rpc.None, func(context.Context, io.Reader) (int, error) { return 0, nil }),
		"its parameters: map[bool]int has keys that are neither": rpc.Typed("x", "", rpc.None, func(context.Context, map[bool]int) (int, error) { return 0, nil }),
		"must be explicitly given a JSON name":                   rpc.Typed("x", "", rpc.None, func(context.Context, nameless) (int, error) { return 0, nil }),
	} {
		if err := r.Add(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestQuery(t *testing.T) {
	type all struct {
		Text  string        `json:"text,omitempty"`
		Lines int           `json:"lines,omitempty"`
		On    *bool         `json:"on"`
		Types []string      `json:"types,omitempty"`
		Sizes []int         `json:"sizes,omitempty"`
		For   time.Duration `json:"for,omitzero"`
		Role  rpc.Role      `json:"role,omitzero"`
		Raw   []byte        `json:"raw,omitempty"`
		Where point         `json:"where,omitzero"`
		Grid  [][]int       `json:"grid,omitempty"`
	}
	var got all
	r := newRegistry(t, rpc.Options{}, rpc.Typed("all", "", rpc.None, func(_ context.Context, in all) (bool, error) { got = in; return true, nil }))
	on := true
	for _, c := range []struct {
		values map[string][]string
		want   all
	}{
		{nil, all{}},
		{map[string][]string{"text": {"100"}, "lines": {"100"}, "on": {"true"}}, all{Text: "100", Lines: 100, On: &on}},
		{map[string][]string{"types": {"1", "b"}, "sizes": {"1", "2"}}, all{Types: []string{"1", "b"}, Sizes: []int{1, 2}}},
		{map[string][]string{"for": {"1m"}, "role": {"read"}, "raw": {"AQI="}}, all{For: time.Minute, Role: rpc.Read, Raw: []byte{1, 2}}},
		{map[string][]string{"for": {" 1.5 "}, "where": {`{"X":1,"Y":2}`}, "grid": {"[1,2]", "[3]"}},
			all{For: 1500 * time.Millisecond, Where: point{1, 2}, Grid: [][]int{{1, 2}, {3}}}},
	} {
		params, err := r.Query("all", c.values)
		if err != nil {
			t.Errorf("%v: %v", c.values, err)
			continue
		}
		got = all{}
		if a := call(t, r, "all", string(params)); a.code() != 0 || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %s: %+v %s", c.values, params, got, a.message())
		}
	}
	for want, values := range map[string]map[string][]string{
		`there is no parameter "x"`:                    {"x": {"1"}},
		`parameter "lines" is given 2 times`:           {"lines": {"1", "2"}},
		`parameter "lines": expected an integer, got`:  {"lines": {"many"}},
		`parameter "where": expected an object, got a`: {"where": {`{"X":1`}},
	} {
		params, err := r.Query("all", values)
		message := ""
		if err != nil {
			message = err.Message
		} else {
			message = call(t, r, "all", string(params)).message()
		}
		if !strings.Contains(message, want) {
			t.Errorf("%v: %q, want %q", values, message, want)
		}
	}
	if _, err := r.Query("missing", nil); err == nil || err.Code != rpc.CodeMethod {
		t.Errorf("a method that is not there: %v", err)
	}
}
