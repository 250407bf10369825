package strictjson_test

import (
	"reflect"
	"testing"

	"github.com/legion-go/legion/internal/strictjson"
)

// However a text is cut into pieces, the scan finds what it finds in the whole;
// and the text up to there is refused as the whole is.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`[[[[[`, `[1,2,3,4]`, ` [1,2,3]`, `{"a":"[[[[[,,,,","b":"\"[[[["}`, `["\\",[[[[`, `["\\\"",",,,,",3,4]`, "\n\t[,,,,", `"[[[[[`, `]]][[[[[[[[`, `[[],{},{},[]]`,
	} {
		f.Add([]byte(seed), uint8(1))
		f.Add([]byte(seed), uint8(3))
	}
	const depth, elements = 4, 3
	f.Fuzz(func(t *testing.T, text []byte, step uint8) {
		whole := strictjson.Scan{MaxDepth: depth, MaxElements: elements}
		want := whole.Next(text)
		pieces := strictjson.Scan{MaxDepth: depth, MaxElements: elements}
		var got error
		at := 0
		for at < len(text) && got == nil {
			n := min(len(text)-at, max(1, int(step)))
			got = pieces.Next(text[at : at+n])
			at += n
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q in pieces of %d: %#v, as a whole %#v", text, step, got, want)
		}
		all := strictjson.CheckList(text, depth, elements)
		if want != nil && !reflect.DeepEqual(all, want) {
			t.Fatalf("%q: CheckList says %#v, the scan %#v", text, all, want)
		}
		if begun := strictjson.CheckList(text[:at], depth, elements); want != nil && !reflect.DeepEqual(begun, want) {
			t.Fatalf("%q: its first %d bytes are refused with %#v, not %#v", text, at, begun, want)
		}
	})
}
