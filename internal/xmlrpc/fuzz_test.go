package xmlrpc_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/xmlrpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

func seeds(f *testing.F, pattern string) {
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds (%v)", err)
	}
	for _, name := range names {
		f.Add(read(f, name))
	}
}

// An accepted document yields strict JSON, which comes back the same when it is
// sent again. Every other document is an Error.
func FuzzParseCall(f *testing.F) {
	seeds(f, "*call*.xml")
	f.Add([]byte(bomb))
	f.Add([]byte(declared("iso-8859-1", "\xe9<!-- a --><![CDATA[&b;]]>&#65;")))
	f.Add([]byte("\xfe\xff\x00<\x00a\x00/\x00>"))
	f.Add([]byte(call("<value><ex:i8 xmlns:ex='" + "http://ws.apache.org/xmlrpc/namespaces/extensions'>1</ex:i8></value>")))
	f.Add([]byte(call("<value><dateTime.iso8601>1998-07-17T14:08:55.5+02:00</dateTime.iso8601></value>")))
	f.Add([]byte(call("<value><double>-0</double></value>")))
	limits := xmlrpc.Limits{Size: 1 << 16, Depth: 8, Values: 100}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, params, err := xmlrpc.ParseCall(data, "", limits)
		if err != nil {
			var e *xmlrpc.Error
			if !errors.As(err, &e) || e.Code >= 0 || e.Message == "" || len(e.Message) > 512 {
				t.Fatalf("the error is %#v", err)
			}
			return
		}
		again(t, params)
		var list []any
		d := jsontext.NewDecoder(strings.NewReader(string(params)))
		if _, err := d.ReadToken(); err != nil {
			t.Fatal(err)
		}
		for d.PeekKind() != ']' {
			v, err := d.ReadValue()
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, v.Clone())
		}
		doc, err := xmltest.Call("m", list...) // a call may have an invalid method name
		if err != nil {
			t.Fatalf("%s cannot be sent: %v", params, err)
		}
		_, params2, err := xmlrpc.ParseCall(doc, "", xmlrpc.Limits{Size: 1 << 22})
		if err != nil || string(params2) != string(params) {
			t.Fatalf("%s comes back as %s, %v", params, params2, err)
		}
	})
}

// again expects strict JSON without spaces.
func again(t *testing.T, json []byte) {
	t.Helper()
	v := jsontext.Value(json).Clone()
	if err := v.Format(); err != nil || string(v) != string(json) {
		t.Fatalf("%s is formatted as %s, %v", json, v, err)
	}
}
