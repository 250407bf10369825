// Package describe makes the JSON form of events: describe.go, [Value], of any;
// without.go, [Without], without what a client may not see.
//
// All functions may be called from any goroutine.
package describe

import (
	"fmt"
	"math"
	"reflect"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/text"
)

// Limits of a description: about this many bytes of text, elements of each
// list, and levels.
const (
	mostBytes = 16 << 10
	mostItems = 100
	mostDepth = 8
)

// Value makes a value with a JSON form, which shares no memory with the
// program, from an event. The program may be changing data behind pointers and
// in maps: of these it tells only the type.
func Value(v reflect.Value) any {
	return (&describer{left: mostBytes}).value(v, 0)
}

type describer struct{ left int }

func (d *describer) value(v reflect.Value, depth int) any {
	if !v.IsValid() {
		return nil
	}
	if d.left -= 8; d.left <= 0 || depth > mostDepth {
		return "…"
	}
	if isNil(v) {
		return nil
	}
	switch x := v.Interface().(type) {
	case syscall.Signal:
		return unix.SignalName(x)
	case time.Duration:
		return x
	case time.Time:
		if text.Encodable(x) {
			return x
		}
		return x.String()
	case error, fmt.Stringer:
		return d.text(fmt.Sprint(x)) // which survives a panic in it
	}
	switch k := v.Kind(); {
	case k == reflect.Bool:
		return v.Bool()
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat() && !math.IsNaN(v.Float()) && !math.IsInf(v.Float(), 0):
		return v.Float()
	case v.CanFloat() || v.CanComplex():
		return fmt.Sprint(v.Interface())
	case k == reflect.String:
		return d.text(v.String())
	case k == reflect.Interface:
		return d.value(v.Elem(), depth+1)
	case k == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return d.text(string(v.Bytes()[:min(v.Len(), d.left+1)]))
	case k == reflect.Slice || k == reflect.Array:
		return d.list(v, depth)
	case k == reflect.Struct:
		return d.fields(v, depth)
	case k == reflect.Map:
		return fmt.Sprintf("%v of %d", v.Type(), v.Len())
	}
	return v.Type().String()
}

func (d *describer) list(v reflect.Value, depth int) any {
	n := min(v.Len(), mostItems)
	all := make([]any, 0, n)
	for i := range n {
		all = append(all, d.value(v.Index(i), depth+1))
	}
	if more := v.Len() - n; more > 0 {
		all = append(all, fmt.Sprintf("… %d more", more))
	}
	return all
}

func (d *describer) fields(v reflect.Value, depth int) any {
	fields := map[string]any{}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			fields[text.Snake(f.Name)] = d.value(v.Field(i), depth+1)
		}
	}
	return fields
}

// text returns as much of s as there is room for.
func (d *describer) text(s string) string {
	s = text.Shorten(s, d.left)
	d.left -= len(s)
	return s
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return v.IsNil()
	}
	return false
}
