package codec

import (
	"reflect"
	"strconv"
)

// compiler makes the plans of one type and of all types inside it. Nothing of it is shared before it is finished.
type compiler struct {
	plans   map[reflect.Type]*plan // enc is nil while a plan is being made
	open    []slot
	foreign bool // some type encodes itself
}

// slot is the plan of an element whose type was not finished when the element was met: the types are recursive.
type slot struct {
	*plan
	of    *plan
	least int
}

func compile(t reflect.Type) (*compiled, error) {
	c := compiler{plans: map[reflect.Type]*plan{}}
	p, err := c.plan(t, t.String())
	if err != nil {
		return nil, err
	}
	for _, s := range c.open {
		*s.plan = recursive(atLeast(*s.of, s.least))
	}
	raw := plainString(p) || p.bytes
	return &compiled{plan: p, foreign: c.foreign, raw: raw, hash: hashOf(t)}, nil
}

// plan returns the finished plan of t, a type that is found at path.
func (c *compiler) plan(t reflect.Type, path string) (*plan, error) {
	if p := c.plans[t]; p != nil {
		return p, nil
	}
	p := &plan{typ: t}
	c.plans[t] = p
	return p, c.fill(p, path)
}

// element returns the plan of values that are reached through a slice, map or pointer. Only through these a type can
// contain itself. Each value takes at least least bytes of encoding.
func (c *compiler) element(t reflect.Type, path string, least int) (*plan, error) {
	p := c.plans[t]
	if p != nil && p.enc == nil {
		s := slot{&plan{typ: t}, p, least}
		c.open = append(c.open, s)
		return s.plan, nil
	}
	p, err := c.plan(t, path)
	if err != nil {
		return nil, err
	}
	q := atLeast(*p, least)
	return &q, nil
}

// share returns how many bytes of encoding a value of t owes for its memory.
func share(t reflect.Type, ratio int) int { return (int(t.Size()) + ratio - 1) / ratio }

func (c *compiler) fill(p *plan, path string) error {
	t := p.typ
	if t.Size() > maxTypeSize {
		return refuse(path, t, "takes "+strconv.Itoa(int(t.Size()>>20))+" MiB of memory in one piece", "use a slice instead of an array")
	}
	if t == timeType {
		p.min, p.enc, p.dec = minTime, encTime, decTime
		return nil
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
	if key.min == 0 { // an entry takes a byte at least
		least = max(1, least)
	}
	val, err := c.element(v, path+step, least)
	if err != nil {
		return err
	}
	mapping(p, key, val)
	return nil
}

// badKey returns the type within the key type t because of which keys would not be equal any more on the other side,
// or might not be comparable; nil if there is none.
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

// fieldsOf returns the fields of the struct type t that travel, and whether it has others that are not tagged.
func fieldsOf(t reflect.Type, path string) (travel []reflect.StructField, hidden bool, err error) {
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, tagged := sf.Tag.Lookup("legion")
		switch {
		case tagged && tag != "-":
			return nil, false, refuse(path+"."+sf.Name, sf.Type, "has the tag legion:"+strconv.Quote(tag), "only legion:\"-\" has a meaning: the field stays at home")
		case tagged || sf.Name == "_":
		case sf.IsExported() || sf.Anonymous && shows(sf.Type):
			travel = append(travel, sf)
		default:
			hidden = true
		}
	}
	return travel, hidden, nil
}

// shows reports whether an embedded type with an unexported name has something that travels.
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
