package journal

import (
	"bytes"
	"encoding/binary"
)

// maxName is the longest name of a field that journald takes.
const maxName = 64

// AppendField appends a field to an entry. The value may hold any bytes: with a
// newline in it, it is sent in the binary form, so that it cannot pass for
// another field. A name that journald would refuse is changed as in Name. An
// entry should have the fields MESSAGE and PRIORITY ("0" emergency … "7"
// debug); a field may occur several times.
func AppendField[V string | []byte](entry []byte, name string, value V) []byte {
	entry = appendName(entry, name)
	start := len(entry)
	entry = append(entry, '=')
	entry = append(entry, value...)
	entry = append(entry, '\n')
	if bytes.IndexByte(entry[start+1:len(entry)-1], '\n') < 0 {
		return entry
	}
	entry = append(entry[:start], '\n')
	entry = binary.LittleEndian.AppendUint64(entry, uint64(len(value)))
	entry = append(entry, value...)
	return append(entry, '\n')
}

// Name returns the name under which AppendField sends a field: in upper case,
// with an underscore for everything but letters and digits of ASCII, at most 64
// bytes long, and with an X before it if it would begin with an underscore,
// which is for journald's own fields, or a digit, or be empty.
func Name(name string) string { return string(appendName(nil, name)) }

func appendName(to []byte, name string) []byte {
	limit := len(to) + maxName
	if name == "" {
		return append(to, 'X')
	}
	for i := 0; i < len(name) && len(to) < limit; i++ {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		default:
			c = '_'
		}
		if i == 0 && (c == '_' || '0' <= c && c <= '9') {
			to = append(to, 'X')
		}
		to = append(to, c)
	}
	return to
}
