package codec_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"time"
)

// randomize sets v and everything that travels inside it to random values;
// depth bounds recursive types.
func randomize(r *rand.Rand, v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(randomTime(r)))
		return
	}
	n := 0
	if depth > 0 && r.IntN(4) > 0 {
		n = r.IntN(5)
	}
	missing := depth <= 0 || r.IntN(4) == 0
	bits := r.Uint64() >> r.IntN(64)
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(bits&1 == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(bits) * int64(1-2*r.IntN(2))) // SetInt cuts it to the width
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(bits)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(r.NormFloat64() * 1e6)
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(r.NormFloat64(), r.NormFloat64()))
	case reflect.String:
		v.SetString(strings.Repeat(string(rune(r.IntN(0x3000))), r.IntN(80)))
	case reflect.Pointer:
		if !missing {
			v.Set(reflect.New(v.Type().Elem()))
			randomize(r, v.Elem(), depth-1)
		}
	case reflect.Slice:
		if !missing {
			v.Set(reflect.MakeSlice(v.Type(), n, n+r.IntN(3)))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			randomize(r, v.Index(i), depth-1)
		}
	case reflect.Map:
		if missing {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for range n * 2 {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			randomize(r, k, depth-1)
			randomize(r, e, depth-1)
			v.SetMapIndex(k, e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() && v.Type().Field(i).Tag.Get("legion") != "-" {
				randomize(r, f, depth-1)
			}
		}
	default:
		panic("no random " + v.Type().String())
	}
}

func randomTime(r *rand.Rand) time.Time {
	t := time.Unix(r.Int64()>>r.IntN(64), r.Int64N(1e9))
	switch r.IntN(4) {
	case 0:
		return time.Time{}
	case 1:
		return t
	case 2:
		return t.In(time.FixedZone("XYZ", r.IntN(200_000)-100_000))
	}
	return t.UTC()
}
