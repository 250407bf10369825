package xmlrpc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The codes of [Error], from the specification of fault code interoperability.
const (
	CodeNotWellFormed = -32700 // not XML
	CodeEncoding      = -32701 // an encoding that is not supported, or contradicts the bytes
	CodeCharacter     = -32702 // bytes that are not a character of the document's encoding
	CodeInvalid       = -32600 // XML, but not XML-RPC
	CodeLimit         = -32400 // too large, too deep, too much
)

// Error says why a document could not be read.
type Error struct {
	Code    int    // one of the codes above
	Message string // what is wrong, with the line, and what to do
}

func (e *Error) Error() string { return e.Message }

func errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// errorf returns an error at the place that was read last.
func (p *parser) errorf(code int, format string, args ...any) *Error {
	line, _ := p.dec.InputPos()
	return errorf(code, "line %d: "+format, append([]any{line}, args...)...)
}

// invalid returns an error about XML that is not XML-RPC.
func (p *parser) invalid(format string, args ...any) *Error {
	return p.errorf(CodeInvalid, format, args...)
}

// syntax turns an error of the XML decoder into an Error.
func (p *parser) syntax(err error) *Error {
	if own := (*Error)(nil); errors.As(err, &own) {
		return own
	}
	if s := (*xml.SyntaxError)(nil); errors.As(err, &s) {
		return errorf(CodeNotWellFormed, "line %d: not well-formed XML: %s", s.Line, clip(s.Msg))
	}
	return p.errorf(CodeNotWellFormed, "not well-formed XML: %s", clip(strings.TrimPrefix(err.Error(), "xml: ")))
}

// clip cuts a text of the input to the length that a message may quote.
func clip(s string) string {
	if len(s) <= maxQuote {
		return s
	}
	n := maxQuote
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
