package xmlrpc_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/xmlrpc"
)

func TestCalls(t *testing.T) {
	for doc, want := range map[string]string{
		"<methodCall><methodName>m</methodName></methodCall>":                                                                                                "m []",
		"<methodCall><methodName>m</methodName><params/></methodCall>":                                                                                       "m []",
		"<methodCall><methodName>m</methodName><params>\n</params></methodCall>":                                                                             "m []",
		"<methodCall><methodName/></methodCall>":                                                                                                             " []",
		"<methodCall><methodName> a  ä&lt;</methodName></methodCall>":                                                                                        "a  ä< []",
		"<methodCall><methodName>" + strings.Repeat("m", 256) + "</methodName></methodCall>":                                                                 strings.Repeat("m", 256) + " []",
		"<methodCall>\n <methodName> pool.list\n</methodName>\n</methodCall>\n":                                                                              "pool.list []",
		"<!-- a --><methodCall><methodName>a-b_c:d/9</methodName></methodCall><!-- b -->":                                                                    "a-b_c:d/9 []",
		"<?xml version='1.0'?><?style sheet?><methodCall><methodName>m</methodName></methodCall><?end?>":                                                     "m []",
		"<methodCall><methodName>m</methodName><params> <param> <value><int>1</int></value> </param>\n<param><value>b</value></param></params></methodCall>": `m [1,"b"]`,
	} {
		method, params, err := xmlrpc.ParseCall([]byte(doc), "", xmlrpc.Limits{})
		if got := method + " " + string(params); err != nil || got != want {
			t.Errorf("%q is read as %q, %v; want %q", doc, got, err, want)
		}
	}
}

func TestDocumentsThatAreNoCall(t *testing.T) {
	const m = "<methodName>m</methodName>"
	for doc, says := range map[string]string{
		"<methodResponse/>":                  "the root element is <methodResponse>: it should be <methodCall>",
		"<methodCall/>":                      "<methodName> is missing",
		"<methodCall><params/></methodCall>": "<params> in <methodCall>, where <methodName> should be",
		"<methodCall><methodName>a<b/></methodName></methodCall>":                            "which holds text only",
		"<methodCall>" + m + m + "</methodCall>":                                             "<methodName> in <methodCall>, where <params> should be",
		"<methodCall>" + m + "<params/><params/></methodCall>":                               "<params> in <methodCall>, where nothing more",
		"<methodCall>" + m + "x</methodCall>":                                                `text "x" in <methodCall>`,
		"<methodCall>" + m + "<params><value/></params></methodCall>":                        "<value> in <params>, where <param> should be",
		"<methodCall>" + m + "<params>x</params></methodCall>":                               `text "x" in <params>`,
		"<methodCall>" + m + "<params><param/></params></methodCall>":                        "<value> is missing in <param>",
		"<methodCall>" + m + "<params><param>1</param></params></methodCall>":                `text "1" in <param>`,
		"<methodCall>" + m + "<params><param><int>1</int></param></params></methodCall>":     "<int> in <param>, where <value> should be",
		"<methodCall>" + m + "<params><param><value/><value/></param></params></methodCall>": "<value> in <param>, where nothing more",
		"<methodCall a='b'>" + m + "</methodCall>":                                           `attribute "a"`,
	} {
		refuse(t, []byte(doc), xmlrpc.Limits{}, xmlrpc.CodeInvalid, says)
	}
	// Text or elements outside the root element make the document invalid XML.
	const whole = "<methodCall>" + m + "</methodCall>"
	for doc, says := range map[string]string{
		whole + "x":             `text "x" outside the root element`,
		"x" + whole:             `text "x" outside the root element`,
		whole + "<methodCall/>": "<methodCall> after the root element",
		whole + whole:           "<methodCall> after the root element",
	} {
		refuse(t, []byte(doc), xmlrpc.Limits{}, xmlrpc.CodeNotWellFormed, says)
	}
}

// raw is a value that writes its own JSON.
type raw string

func (r raw) MarshalJSON() ([]byte, error) {
	if r == "" {
		return nil, errors.New("empty")
	}
	return []byte(r), nil
}
