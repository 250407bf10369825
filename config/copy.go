package config

import "reflect"

// copy makes to a copy of from that shares nothing with it that a decoder would
// write to. It assigns values that are read by a method of their own, or that
// cannot be configured.
func (s *schema) copy(to, from reflect.Value) {
	t := from.Type()
	to.Set(from)
	switch {
	case textual(t):
	case t.Kind() == reflect.Pointer && !from.IsNil():
		to.Set(reflect.New(t.Elem()))
		s.copy(to.Elem(), from.Elem())
	case t.Kind() == reflect.Struct:
		for _, f := range s.structs[t] {
			s.copy(to.FieldByIndex(f.index), from.FieldByIndex(f.index))
		}
	case t.Kind() == reflect.Slice && !from.IsNil():
		to.Set(reflect.MakeSlice(t, from.Len(), from.Len()))
		for i := range from.Len() {
			s.copy(to.Index(i), from.Index(i))
		}
	case t.Kind() == reflect.Array:
		for i := range from.Len() {
			s.copy(to.Index(i), from.Index(i))
		}
	case t.Kind() == reflect.Map && !from.IsNil():
		to.Set(reflect.MakeMapWithSize(t, from.Len()))
		for _, k := range from.MapKeys() {
			value := reflect.New(t.Elem()).Elem()
			s.copy(value, addressable(from.MapIndex(k)))
			to.SetMapIndex(k, value)
		}
	}
}
