package strictjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/legion-go/legion/internal/strictjson"
)

// For any input: no panic; accepted text is JSON for encoding/json too; a value
// that was read can be written, and is read back as the same value.
func FuzzStrict(f *testing.F) {
	for _, seed := range []string{
		`{"name":"x","every":"1m","at":"2026-01-02T03:04:05Z","raw":"bGVnaW9u","level":"L7","small":-1,"waits":{"a":1.5}}`,
		`[[[1,2.5e3,null,true,"\u00e4\ud83d\ude00"]]]`, `{"a":1,"a":2}`, `{"inner":{"inner":{"text":{"k":[0]}}}}`, "\"\xff\"", `[1]x`, `{"every":1e9}`,
		`[18446744073709551615,-9223372036854775809,1e20,-0,{"a":1.0}]`, `[1,{"a":1,"b":2},"],[",[4,5]]`, `[[1,2,3,4],{"a":[]},"\",,"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checked := strictjson.Check(data, 64)
		if checked == nil && !json.Valid(data) {
			t.Fatalf("%q is accepted", data)
		}
		var loose any
		if err := strictjson.Unmarshal(data, &loose); err == nil {
			list, _ := loose.([]any)
			counted, _ := strictjson.CheckList(data, strictjson.MaxDepth, 3).(*strictjson.Error)
			if long := counted != nil && counted.Kind == strictjson.Long; long != (len(list) > 3) {
				t.Fatalf("%q has %d elements: %v", data, len(list), counted)
			}
			if checked != nil && !isDeep(checked) {
				t.Fatalf("%q: Check says %v, Unmarshal accepts it", data, checked)
			}
			thereAndBack(t, data, loose)
		}
		var v sample
		if strictjson.Unmarshal(data, &v) != nil {
			return
		}
		written, err := strictjson.Marshal(v)
		if err != nil {
			t.Fatalf("%q cannot be written again: %v", data, err)
		}
		if bytes.ContainsRune(written, '\n') {
			t.Fatalf("%q is written on several lines: %q", data, written)
		}
		var again sample
		if err := strictjson.Unmarshal(written, &again); err != nil {
			t.Fatalf("%q becomes %q: %v", data, written, err)
		}
		rewritten, err := strictjson.Marshal(again)
		if err != nil || !reflect.DeepEqual(written, rewritten) {
			t.Fatalf("%q becomes %q, then %q, %v", data, written, rewritten, err)
		}
	})
}

// thereAndBack writes a value that was read into an any, and reads it again.
func thereAndBack(t *testing.T, data []byte, v any) {
	written, err := strictjson.Marshal(v)
	if err != nil {
		t.Fatalf("%q cannot be written again: %v", data, err)
	}
	var again any
	if err := strictjson.Unmarshal(written, &again); err != nil {
		t.Fatalf("%q becomes %q: %v", data, written, err)
	}
	if rewritten, err := strictjson.Marshal(again); err != nil || !bytes.Equal(written, rewritten) {
		t.Fatalf("%q becomes %q, then %q, %v", data, written, rewritten, err)
	}
}

func isDeep(err error) bool {
	e, ok := err.(*strictjson.Error)
	return ok && e.Kind == strictjson.Deep
}
