// Package xmltest is the client's half of XML-RPC, for tests: it writes calls
// and reads responses. A daemon does neither.
package xmltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/legion-go/legion/internal/xmlrpc"
)

// Fault is a server's answer instead of a result.
type Fault struct {
	Code    int    `json:"faultCode"`
	Message string `json:"faultString"`
}

func (f *Fault) Error() string { return fmt.Sprintf("%s (fault %d)", f.Message, f.Code) }

// Call writes a methodCall.
func Call(method string, params ...any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodCall><methodName>" + method + "</methodName><params>")
	for _, p := range params {
		value, err := xmlrpc.EncodeValue(p)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "<param><value>%s</value></param>", value)
	}
	b.WriteString("</params></methodCall>\n")
	return b.Bytes(), nil
}

// asCall turns a response into a call, whose parameter is the result or the
// fault.
var asCall = strings.NewReplacer(
	"<methodResponse>", "<methodCall><methodName>response</methodName>", "</methodResponse>", "</methodCall>",
	"<fault>", "<params><param>", "</fault>", "</param></params>",
)

// Response reads a methodResponse: its result as JSON. If it is a fault, the
// error is a [*Fault].
func Response(doc []byte) (result []byte, err error) {
	if !bytes.Contains(doc, []byte("<methodResponse>")) {
		return nil, fmt.Errorf("this is not a response: %.200q", doc)
	}
	_, params, err := xmlrpc.ParseCall([]byte(asCall.Replace(string(doc))), "", xmlrpc.Limits{Size: 1 << 28, Depth: 1000, Values: 1 << 28})
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(params, &list); err != nil || len(list) != 1 {
		return nil, fmt.Errorf("a response has one value, not %d: %v", len(list), err)
	}
	if !bytes.Contains(doc, []byte("<fault>")) {
		return list[0], nil
	}
	var f Fault
	d := json.NewDecoder(bytes.NewReader(list[0]))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, errors.New("a fault is a struct of the int faultCode and the string faultString")
	}
	return nil, &f
}
