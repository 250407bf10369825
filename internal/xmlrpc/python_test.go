package xmlrpc_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/xmlrpc"
	"github.com/legion-go/legion/internal/xmlrpc/xmltest"
)

var update = flag.Bool("update", false, "write the files that Python reads; then run testdata/python.py")

// Python's XML-RPC is the reference. The files are described in
// testdata/python.py.

func TestPythonCalls(t *testing.T) {
	for _, file := range files(t, "call-*.xml") {
		t.Run(file, func(t *testing.T) {
			method, params, err := xmlrpc.ParseCall(read(t, file), "", xmlrpc.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			same(t, `{"method":`+quote(method)+`,"params":`+string(params)+`}`, file)
		})
	}
}

func TestPythonResponses(t *testing.T) {
	for _, file := range files(t, "response-*.xml") {
		t.Run(file, func(t *testing.T) {
			result, err := xmltest.Response(read(t, file))
			var fault *xmltest.Fault
			switch {
			case errors.As(err, &fault):
				result = []byte(`{"code":` + jsontext.Int(int64(fault.Code)).String() + `,"message":` + quote(fault.Message) + `}`)
			case err != nil:
				t.Fatal(err)
			}
			same(t, string(result), file)
		})
	}
}

// The .json files hold what Python reads in our documents; this test compares
// it with what it should be.
func TestPythonReads(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 891234567, time.FixedZone("", 3600))
	v := map[string]any{
		"bool": true, "int": -5, "long": int64(1) << 40, "double": 1.0, "small": 5e-324, "large": 1e300, "duration": 1500 * time.Millisecond,
		"text": " <&>]]>\r\n\t\"' ä世🐧 ", "empty": "", "time": at, "bytes": []byte{0, 255, '<'}, "none": nil,
		"list": []any{1, []string{}, map[string]int{}}, "": "", "<&>": 1,
	}
	call, err := xmltest.Call("pool.list", v, 1, "x")
	if err != nil {
		t.Fatal(err)
	}
	response, err := xmlrpc.EncodeResponse(v)
	if err != nil {
		t.Fatal(err)
	}
	read1 := `{"": "str ", "<&>": "int 1", "bool": "bool True", "bytes": "bytes 00ff3c", "double": "float 1.0", "duration": "float 1.5",
		"empty": "str ", "int": "int -5", "large": "float 1e+300", "list": ["int 1", [], {}], "long": "int 1099511627776",
		"none": "NoneType None", "small": "float 5e-324", "text": "str  <&>]]>\r\n\t\"' ä世🐧 ", "time": "datetime 2026-03-04 04:06:07"}`
	for name, c := range map[string]struct {
		doc  []byte
		want string
	}{
		"go-call":     {call, `{"method": "pool.list", "params": [` + read1 + `, "int 1", "str x"]}`},
		"go-response": {response, `{"method": null, "params": [` + read1 + `]}`},
		"go-fault":    {xmlrpc.EncodeFault(-32601, "no <such> method\x1b"), `{"code": -32601, "message": "no <such> method�"}`},
	} {
		file := filepath.Join("testdata", name+".xml")
		if *update {
			if err := os.WriteFile(file, c.doc, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got := read(t, file); !bytes.Equal(got, c.doc) {
			t.Errorf("%s has changed: run go test -run TestPythonReads -update, and then testdata/python.py\n%s", file, c.doc)
			continue
		}
		same(t, c.want, file)
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files testdata/%s (%v)", pattern, err)
	}
	return names
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same compares JSON with the .json file of an XML file.
func same(t *testing.T, got, file string) {
	t.Helper()
	want := canonical(t, string(read(t, strings.TrimSuffix(file, ".xml")+".json")))
	if got := canonical(t, got); got != want {
		t.Errorf("%s means\n%s\nwant\n%s", file, got, want)
	}
}

func canonical(t *testing.T, s string) string {
	t.Helper()
	v := jsontext.Value(s)
	if err := v.Canonicalize(); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return string(v)
}

func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s)
	return string(b)
}

// memberTypes are the types of the members of the struct in an answer, by name,
// without the members of structs inside it.
func memberTypes(t *testing.T, doc []byte) map[string]string {
	t.Helper()
	types := map[string]string{}
	const outer = 5 // methodResponse, params, param, value, struct
	d, depth, name := xml.NewDecoder(bytes.NewReader(doc)), 0, ""
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return types
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			if depth == outer+2 && tok.Name.Local == "name" {
				if err := d.DecodeElement(&name, &tok); err != nil {
					t.Fatal(err)
				}
				depth--
			}
			if depth == outer+3 {
				types[name] = tok.Name.Local
			}
		case xml.EndElement:
			depth--
		}
	}
}
