package takeover

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// markerName is the environment variable that makes a process a successor. Only
// this package sees it.
const markerName = "_LEGION_TAKEOVER"

// protocol changes with anything in this file. Old and new program may be of
// different versions: a new program that does not speak the old one's protocol
// refuses to start, and the old one continues.
const protocol = 1

// marker holds what a successor must know before it can read the record. Its
// text is three decimal numbers separated by spaces: the protocol, the
// predecessor's process id, the number of files.
type marker struct {
	predecessor int
	files       int
}

func (m marker) encode() string { return fmt.Sprint(protocol, m.predecessor, m.files) }

// decodeMarker reads text, which is not trusted.
func decodeMarker(text string) (m marker, err error) {
	fields := strings.Split(text, " ")
	if fields[0] != strconv.Itoa(protocol) {
		return m, fmt.Errorf("its protocol is %.20q, and this program's is %d: the versions are too far apart; stop the old one first", fields[0], protocol)
	}
	if len(fields) != 3 {
		return m, fmt.Errorf("it has %d fields", len(fields))
	}
	if m.predecessor, err = strconv.Atoi(fields[1]); err != nil || m.predecessor <= 0 {
		return m, errors.New("it does not name a process")
	}
	if m.files, err = strconv.Atoi(fields[2]); err != nil || m.files < 0 || m.files > MaxFiles+1 { // one more for the pipe of Tell
		return m, fmt.Errorf("it does not name 0 to %d files", MaxFiles+1)
	}
	return m, nil
}

// record is the first data a successor gets. Its bytes, all numbers
// little-endian:
//
//	4  length of what follows, at most maxRecord
//	   kind, data, then the names of the files, each as
//	4  length
//	n  bytes
type record struct {
	kind  string
	data  []byte
	names []string // of the files, in the order of their descriptors
}

const (
	recordHeader = 4
	maxRecord    = MaxNames + MaxData + 4*(MaxFiles+3)
)

func (r record) encode() []byte {
	b := make([]byte, recordHeader)
	field := func(f string) {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	field(r.kind)
	field(string(r.data))
	for _, name := range r.names {
		field(name)
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-recordHeader))
	return b
}

// recordLength reads a record's header.
func recordLength(header [recordHeader]byte) (int, error) {
	n := binary.LittleEndian.Uint32(header[:])
	if n > maxRecord {
		return 0, fmt.Errorf("it has %d bytes; the limit is %d", n, maxRecord)
	}
	return int(n), nil
}

// decodeRecord reads the bytes after the header, which are not trusted. They
// must have as many names as files says.
func decodeRecord(b []byte, files int) (r record, err error) {
	next := func() []byte {
		if err != nil {
			return nil
		}
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			err = errors.New("it ends in the middle of a field")
			return nil
		}
		n := int(binary.LittleEndian.Uint32(b))
		f := b[4 : 4+n : 4+n]
		b = b[4+n:]
		return f
	}
	r.kind = string(next())
	r.data = slices.Clone(next())
	names := len(r.kind)
	for err == nil && len(b) > 0 && len(r.names) < files {
		name := string(next())
		if slices.Contains(r.names, name) {
			err = fmt.Errorf("it has two files %q", name)
		}
		r.names = append(r.names, name)
		names += len(name)
	}
	switch {
	case err != nil:
	case len(b) > 0 || len(r.names) != files:
		err = fmt.Errorf("it does not name %d files", files)
	case len(r.data) > MaxData || names > MaxNames:
		err = errors.New("a field of it is too long")
	}
	if err != nil {
		return record{}, err
	}
	return r, nil
}

// Messages begin with one of these bytes.
const (
	// From the successor.
	msgReady  = 'R'
	msgFailed = 'F' // then 4 bytes exit code, 4 bytes length, at most maxMessage bytes of text
	// From the predecessor, after the record.
	msgAccepted = 'A'
	msgCounts   = 'C'
)

// maxMessage bounds the text of Fail, in bytes; longer text is cut.
const maxMessage = 8 << 10

func encodeFailed(code int, text string) []byte {
	if n := maxMessage; len(text) > n {
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	b := binary.LittleEndian.AppendUint32([]byte{msgFailed}, uint32(code))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

// message is a message of the successor.
type message struct {
	kind byte
	code int
	text string
}

// decodeMessage reads one message with read, which fills its argument or fails.
func decodeMessage(read func([]byte) error) (m message, err error) {
	var head [9]byte
	if err := read(head[:1]); err != nil {
		return m, err
	}
	m.kind = head[0]
	switch m.kind {
	case msgReady:
		return m, nil
	case msgFailed:
		if err := read(head[1:]); err != nil {
			return m, err
		}
		m.code = int(int32(binary.LittleEndian.Uint32(head[1:])))
		n := binary.LittleEndian.Uint32(head[5:])
		if n > maxMessage {
			return m, fmt.Errorf("a message has %d bytes; the limit is %d", n, maxMessage)
		}
		text := make([]byte, n)
		err := read(text)
		m.text = strings.ToValidUTF8(string(text), "\uFFFD")
		return m, err
	default:
		return m, fmt.Errorf("a message of unknown kind %q", m.kind)
	}
}
