package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxStack is the limit of the text of a Stack, in bytes. A longer one is cut
// on encoding and refused on decoding.
const MaxStack = 256 << 10

// AppendStack appends the encoding of text, the stacks of a worker's
// goroutines, to b: the text itself, without bytes that are not UTF-8.
func AppendStack(b []byte, text string) []byte {
	return append(b, cut(strings.ToValidUTF8(text, ""), MaxStack)...)
}

// DecodeStack decodes the whole of b. The result holds no reference to b.
func DecodeStack(b []byte) (string, error) {
	if len(b) > MaxStack {
		return "", fmt.Errorf("%w: stacks of %d bytes, limit %d", ErrMalformed, len(b), MaxStack)
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%w: stacks that are not UTF-8", ErrMalformed)
	}
	return string(b), nil
}
