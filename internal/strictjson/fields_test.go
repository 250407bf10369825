package strictjson_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/legion-go/legion/internal/strictjson"
)

type base struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Hidden string `json:"-"`
}

type left struct{ Both, Tagged int }

type right struct {
	Both   int
	Tagged int `json:"Tagged"`
}

type whole struct {
	Before bool
	base
	*left
	right
	Name   string  `json:"name,omitempty" usage:"what it is called"`
	Factor float64 `json:",omitzero"`
	Point  *int    `json:"point"`
	secret int
	After  struct{ X int } `json:"after"`
}

// Fields lists exactly the members that the JSON package writes, in the same
// order.
func TestFields(t *testing.T) {
	var names []string
	for _, f := range strictjson.Fields(reflect.TypeFor[whole]()) {
		names = append(names, f.Name)
	}
	one := 1
	data, err := json.Marshal(whole{left: &left{}, Name: "x", Factor: 1, Point: &one, secret: 1})
	if err != nil {
		t.Fatal(err)
	}
	// Before, id, Tagged (of right, which has a tag), name, Factor, point, after;
	// Both is ambiguous.
	if got, want := strings.Join(names, " "), "Before id Tagged name Factor point after"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	at := -1
	for _, name := range names {
		next := strings.Index(string(data), `"`+name+`":`)
		if next <= at {
			t.Errorf("%s is not there, or not in its place, in %s", name, data)
		}
		at = next
	}
	if strings.Contains(string(data), "Both") {
		t.Errorf("the JSON package thinks otherwise: %s", data)
	}
}

func TestFieldDetails(t *testing.T) {
	for _, f := range strictjson.Fields(reflect.TypeFor[whole]()) {
		optional := f.Name == "name" || f.Name == "Factor" || f.Name == "point"
		if f.Optional != optional {
			t.Errorf("%s: optional is %v", f.Name, f.Optional)
		}
		if usage := ""; f.Name == "name" && f.Usage != "what it is called" || f.Name != "name" && f.Usage != usage {
			t.Errorf("%s: usage %q", f.Name, f.Usage)
		}
	}
}

type self struct {
	*self
	A int
}

func TestFieldsOfOneself(t *testing.T) {
	one := self{A: 1}
	one.self = &one
	if fields := strictjson.Fields(reflect.TypeFor[self]()); len(fields) != 1 || fields[0].Name != "A" {
		t.Errorf("%+v", fields)
	}
}

func TestDescribe(t *testing.T) {
	for want, typ := range map[string]reflect.Type{
		"an integer from 0 to 255":        reflect.TypeFor[uint8](),
		"an integer from -32768 to 32767": reflect.TypeFor[*int16](),
		"an integer":                      reflect.TypeFor[int](),
		"a string in base64":              reflect.TypeFor[[]byte](),
		"a list of 3":                     reflect.TypeFor[[3]int](),
		"a string":                        reflect.TypeFor[level](),
		"a value":                         reflect.TypeFor[any](),
		"an object":                       reflect.TypeFor[map[string]any](),
		"a number of seconds or a string such as \"1m30s\"": reflect.TypeFor[time.Duration](),
	} {
		if got := strictjson.Describe(typ); got != want {
			t.Errorf("%v: %s, want %s", typ, got, want)
		}
	}
}
