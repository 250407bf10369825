package codec

import (
	"fmt"
	"reflect"
)

// refuse makes the error of For: the value at path cannot travel, because its
// type t has the property why; advice says what to do instead.
func refuse(path string, t reflect.Type, why, advice string) error {
	return fmt.Errorf("codec: cannot carry %s: %s %s; %s", path, t, why, advice)
}

// refuseKind says why a kind of type has no encoding.
func refuseKind(path string, t reflect.Type) error {
	switch t.Kind() {
	case reflect.Func:
		return refuse(path, t, "has no value that another process could use",
			"send data, and choose the function by it on the other side")
	case reflect.Chan:
		return refuse(path, t, "connects goroutines of one process only",
			"return the values, as a slice or one by one as a stream")
	case reflect.UnsafePointer, reflect.Uintptr:
		return refuse(path, t, "is an address, which means nothing in another process",
			"send what it points to; for a number use uint64")
	case reflect.Interface:
		return refuse(path, t, "does not say which type to decode", adviceInterface(t))
	}
	return refuse(path, t, "is of a kind that has no encoding", "use another type")
}

func adviceInterface(t reflect.Type) string {
	switch t.String() {
	case "error":
		return "return errors as the second result of the function, or use a string"
	case "context.Context":
		return "the function gets its own context, which ends with the caller's"
	case "io.Reader", "io.ReadCloser", "io.Writer", "io.WriteCloser":
		return "send the bytes as []byte, or the name of a file"
	}
	return "use a concrete type, a struct with a pointer field for each possible type, or json.RawMessage for JSON of any shape"
}

// refuseBuffer says why a Buffer, found in or behind what is at path, does not
// travel from there.
func refuseBuffer(path string) error {
	return fmt.Errorf("codec: cannot carry %s: it is, or holds, a *payload.Buffer, and is in a slice, array or map, or behind a pointer; "+
		"make the Buffer a field of the argument or result, or of a struct in it, and use a []byte for the others", path)
}

// refuseHidden says why a struct without exported fields does not travel.
func refuseHidden(path string, t reflect.Type) error {
	switch t.PkgPath() {
	case "sync":
		return refuse(path, t, "works within one process only",
			"make the field unexported or tag it `legion:\"-\"`")
	case "sync/atomic":
		return refuse(path, t, "hides its value", "send a plain number or bool that was loaded from it")
	}
	if m := halfOwn(t); m != "" {
		return refuse(path, t, "has no exported field, and "+m, "add the missing method")
	}
	return refuse(path, t, "has no exported field and would arrive empty",
		"export its fields, give it MarshalBinary and UnmarshalBinary methods, or tag the field `legion:\"-\"`")
}

// halfOwn describes an own encoding that lacks one of its two methods.
func halfOwn(t reflect.Type) string {
	p := reflect.PointerTo(t)
	for _, o := range ownEncodings {
		switch {
		case p.Implements(o.encodes):
			return o.marshal + " without " + o.unmarshal + " on its pointer"
		case p.Implements(o.decodes):
			return o.unmarshal + " without " + o.marshal
		}
	}
	return ""
}

// refuseKey says why a type cannot be the key of a map that travels.
func refuseKey(path string, key, bad reflect.Type) error {
	why := "is a map key that holds " + bad.String() + ", and "
	if bad == key {
		why = "is a map key, and "
	}
	if bad.Kind() == reflect.Interface {
		return refuse(path, key, why+"an interface does not say which type to decode", "use a concrete type as key")
	}
	return refuse(path, key, why+"an address in one process never equals one in another", "use what it points to as key")
}

// isProto recognises generated protocol buffer messages, whose unknown fields
// and extensions are not exported.
func isProto(t reflect.Type) bool {
	_, ok := reflect.PointerTo(t).MethodByName("ProtoReflect")
	return ok
}
