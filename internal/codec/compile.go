package codec

import (
	"reflect"
	"strconv"
)

// compiler makes the plans of one type and of all types inside it. It shares
// nothing before it is finished.
type compiler struct {
	plans   map[reflect.Type]*plan // enc is nil while a plan is being made
	again   []again                // types that contain themselves: seen again while they were being made
	foreign bool                   // some type encodes itself
}

// again is a copy of a plan that was not finished.
type again struct {
	*plan
	path string
}

func compile(t reflect.Type) (*compiled, error) {
	c := compiler{plans: map[reflect.Type]*plan{}}
	p, err := c.plan(t, t.String())
	if err != nil {
		return nil, err
	}
	for _, a := range c.again {
		done := c.plans[a.typ]
		if len(done.buffers) > 0 { // it is behind a pointer, or in a slice or map
			return nil, refuseBuffer(a.path)
		}
		*a.plan = recursive(*done)
	}
	raw := plainString(p) || p.bytes
	return &compiled{plan: p, foreign: c.foreign, raw: raw, hash: hashOf(t)}, nil
}

// plan returns the plan of t, a type found at path. Its enc and dec may still
// be unset until the compiler is done; the rest of it is complete.
func (c *compiler) plan(t reflect.Type, path string) (*plan, error) {
	p := c.plans[t]
	if p == nil {
		p = &plan{typ: t, min: minimum(t)}
		c.plans[t] = p
		return p, c.fill(p, path)
	}
	if p.enc == nil { // so that every cycle of types has a plan that counts depth
		p = &plan{typ: t, min: p.min}
		c.again = append(c.again, again{p, path})
	}
	return p, nil
}

// element returns the plan of values that are reached through a slice, map or
// pointer: there may be many, so each takes at least least bytes of encoding.
func (c *compiler) element(t reflect.Type, path string, least int) (*plan, error) {
	p, err := c.plan(t, path)
	if err != nil {
		return nil, err
	}
	if len(p.buffers) > 0 {
		return nil, refuseBuffer(path)
	}
	return atLeast(p, least), nil
}

// minimum returns the fewest bytes that an encoding of t takes.
func minimum(t reflect.Type) int {
	switch {
	case t == bufferType:
		return 0
	case t == timeType:
		return minTime
	case hasOwn(t):
		return 1
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return int(t.Size())
	case reflect.Array:
		if k := t.Elem().Kind(); reflect.Bool <= k && k <= reflect.Complex128 && !hasOwn(t.Elem()) {
			return int(t.Size()) // copied unchanged
		}
		return t.Len() * minimum(t.Elem())
	case reflect.Struct:
		n := 0
		travel, _, _ := fieldsOf(t, "")
		for _, sf := range travel {
			n += minimum(sf.Type)
		}
		return n
	}
	return 1
}

// share returns how many bytes of encoding a value of t owes for its memory.
func share(t reflect.Type, ratio int) int { return (int(t.Size()) + ratio - 1) / ratio }

func (c *compiler) fill(p *plan, path string) error {
	t := p.typ
	if t.Size() > maxTypeSize {
		return refuse(path, t, "takes "+strconv.Itoa(int(t.Size()>>20))+" MiB of memory in one piece", "use a slice instead of an array")
	}
	switch t {
	case timeType:
		p.enc, p.dec = encTime, decTime
		return nil
	case bufferType:
		p.enc, p.dec, p.buffers = encBuffer, decBuffer, []uintptr{0}
		return nil
	case bufferType.Elem():
		return refuse(path, t, "must not be copied", "use a *payload.Buffer")
	}
	o, err := ownOf(t, path)
	if err != nil {
		return err
	}
	if o != nil {
		c.foreign = true
		o.fill(p)
		return nil
	}
	if isProto(t) {
		return refuse(path, t, "is a protocol buffer message", "send the []byte of proto.Marshal, or a type with MarshalBinary and UnmarshalBinary around it")
	}
	if scalar(p) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.fillStruct(p, path)
	case reflect.Map:
		return c.fillMap(p, path)
	case reflect.Pointer:
		elem, err := c.element(t.Elem(), path, share(t.Elem(), ratioPlain))
		if err != nil {
			return err
		}
		pointer(p, elem)
	case reflect.Slice:
		elem, err := c.element(t.Elem(), path+"[i]", max(1, share(t.Elem(), ratioPlain)))
		if err != nil {
			return err
		}
		if elem.unit > 0 {
			bulkSlice(p, elem)
		} else {
			slice(p, elem)
		}
	case reflect.Array:
		elem, err := c.plan(t.Elem(), path+"[i]")
		if err != nil {
			return err
		}
		if len(elem.buffers) > 0 {
			return refuseBuffer(path + "[i]")
		}
		if elem.unit > 0 {
			bulkArray(p, elem)
		} else {
			array(p, elem, t.Len(), t.Elem().Size())
		}
	default:
		return refuseKind(path, t)
	}
	return nil
}

func (c *compiler) fillStruct(p *plan, path string) error {
	travel, hidden, err := fieldsOf(p.typ, path)
	if err != nil {
		return err
	}
	if len(travel) == 0 && hidden {
		return refuseHidden(path, p.typ)
	}
	var fields []field
	for _, sf := range travel {
		sub, err := c.plan(sf.Type, path+"."+sf.Name)
		if err != nil {
			return err
		}
		for _, off := range sub.buffers {
			p.buffers = append(p.buffers, sf.Offset+off)
		}
		if sub.fields == nil {
			fields = append(fields, field{"." + sf.Name, sf.Offset, sub})
			continue
		}
		for _, f := range sub.fields { // a struct within a struct costs no call
			fields = append(fields, field{"." + sf.Name + f.step, sf.Offset + f.off, f.plan})
		}
	}
	structure(p, fields)
	return nil
}

func (c *compiler) fillMap(p *plan, path string) error {
	k, v := p.typ.Key(), p.typ.Elem()
	if bad := badKey(k); bad != nil {
		return refuseKey(path+"[key]", k, bad)
	}
	key, err := c.element(k, path+"[key]", share(k, ratioMap))
	if err != nil {
		return err
	}
	step := "[k]"
	if k.Kind() == reflect.String {
		step = `["k"]`
	}
	least := share(v, ratioMap)
	if key.min == 0 { // an entry takes at least one byte
		least = max(1, least)
	}
	val, err := c.element(v, path+step, least)
	if err != nil {
		return err
	}
	mapping(p, key, val)
	return nil
}

// badKey returns the type within the key type t that would make equal keys
// unequal on the other side, or that may not be comparable; nil if every type
// within t is fine.
func badKey(t reflect.Type) reflect.Type {
	switch t.Kind() {
	case reflect.Interface:
		return t
	case reflect.Pointer, reflect.Chan, reflect.UnsafePointer:
		return t
	case reflect.Array:
		return badKey(t.Elem())
	case reflect.Struct:
		selfmade := t == timeType || hasOwn(t)
		for i := range t.NumField() {
			bad := badKey(t.Field(i).Type)
			if bad != nil && (!selfmade || bad.Kind() == reflect.Interface) { // netip.Addr holds a pointer that may be compared
				return bad
			}
		}
	}
	return nil
}

// fieldsOf returns the fields of the struct type t that travel, and whether it
// also has untagged fields that do not travel.
func fieldsOf(t reflect.Type, path string) (travel []reflect.StructField, hidden bool, err error) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("legion")
		switch {
		case tagged && tag != "-":
			return nil, false, refuse(path+"."+sf.Name, sf.Type, "has the tag legion:"+strconv.Quote(tag), "only legion:\"-\" has a meaning: the field does not travel")
		case tagged || sf.Name == "_":
		case sf.IsExported() || sf.Anonymous && shows(sf.Type):
			travel = append(travel, sf)
		default:
			hidden = true
		}
	}
	return travel, hidden, nil
}

// shows reports whether an embedded type with an unexported name has fields
// that travel.
func shows(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	if hasOwn(t) {
		return true
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.IsExported() || sf.Anonymous && sf.Type.Kind() == reflect.Struct && shows(sf.Type) {
			return true
		}
	}
	return false
}
