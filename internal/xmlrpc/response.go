package xmlrpc

// EncodeResponse writes the result of a method; see the package's documentation
// for how Go values are written. It is an error if the value has no JSON form
// (a channel, NaN, a cycle) or holds an integer of more than 64 bits with sign.
func EncodeResponse(v any) ([]byte, error) {
	var w writer
	w.begin("methodResponse")
	w.raw("<params><param><value>")
	if err := w.result(v); err != nil {
		return nil, err
	}
	w.raw("</value></param></params></methodResponse>\n")
	return w.buf.Bytes(), nil
}

// Value is a value that [EncodeValue] has encoded. As a part of a later value
// it is written unchanged.
type Value []byte

// EncodeValue writes a part of a result; errors are those of [EncodeResponse].
func EncodeValue(v any) (Value, error) {
	var w writer
	if err := w.result(v); err != nil {
		return nil, err
	}
	return w.buf.Bytes(), nil
}

// EncodeFault writes an error as the answer to a call.
func EncodeFault(code int, message string) []byte {
	var w writer
	w.begin("methodResponse")
	w.raw("<fault><value><struct><member><name>faultCode</name><value>")
	w.integer(int64(code))
	w.raw("</value></member><member><name>faultString</name><value><string>")
	w.text(message)
	w.raw("</string></value></member></struct></value></fault></methodResponse>\n")
	return w.buf.Bytes()
}
