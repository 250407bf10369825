package xmlrpc

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

const supported = "send the document in UTF-8, US-ASCII, ISO-8859-1, or UTF-16 with a byte order mark"

// unwrap removes the byte order mark of a document and converts UTF-16 to
// UTF-8. name is the encoding of the mark, "" without a mark.
func unwrap(data []byte) (text []byte, name string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], "UTF-8", nil
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")): // check it before UTF-16, which begins with the same bytes
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		text, err = fromUTF16(data[2:], binary.LittleEndian)
		return text, "UTF-16", err
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		text, err = fromUTF16(data[2:], binary.BigEndian)
		return text, "UTF-16", err
	case !bytes.Contains(data[:min(4, len(data))], []byte{0}):
		return data, "", nil
	}
	return nil, "", errorf(CodeEncoding, "the document is in UTF-32, or in UTF-16 without a byte order mark: %s", supported)
}

func fromUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	text := make([]byte, 0, len(data))
	for i := 0; i < len(data); i += 2 {
		if i+2 > len(data) {
			return nil, errorf(CodeCharacter, "the document in UTF-16 ends in the middle of a character: send it whole")
		}
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+4 <= len(data) {
				low = rune(order.Uint16(data[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return nil, errorf(CodeCharacter, "byte %d: half a surrogate pair is not a character of UTF-16", i+2)
			}
			i += 2
		}
		text = utf8.AppendRune(text, r)
	}
	return text, nil
}

func fromLatin1(data []byte) []byte {
	text := make([]byte, 0, len(data)+len(data)/8)
	for _, b := range data {
		text = utf8.AppendRune(text, rune(b))
	}
	return text
}

// checkText refuses text that is not UTF-8, and control characters that XML
// does not allow.
func checkText(data []byte) error {
	for i := 0; i < len(data); {
		if b := data[i]; b < utf8.RuneSelf {
			if b < ' ' && b != '\t' && b != '\n' && b != '\r' {
				return errorf(CodeNotWellFormed, "line %d: the character %U is not allowed in XML: "+
					"send such bytes as base64", line(data[:i]), b)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return errorf(CodeCharacter, "line %d: the byte 0x%02x is not UTF-8: "+
				"declare the encoding of the document, or send such bytes as base64", line(data[:i]), data[i])
		}
		i += n
	}
	return nil
}

func line(before []byte) int { return 1 + bytes.Count(before, []byte{'\n'}) }
