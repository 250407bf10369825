package takeover

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// decode reads a record with its header, as a successor does.
func decode(b []byte, files int) (record, error) {
	var header [recordHeader]byte
	if copy(header[:], b) < recordHeader {
		return record{}, io.ErrUnexpectedEOF
	}
	n, err := recordLength(header)
	if err != nil || n > len(b)-recordHeader {
		return record{}, fmt.Errorf("%d bytes are missing: %w", n, err)
	}
	return decodeRecord(b[recordHeader:recordHeader+n], files)
}

func TestRecord(t *testing.T) {
	largest := record{kind: strings.Repeat("k", MaxNames-(MaxFiles+1)*4), data: bytes.Repeat([]byte("d"), MaxData)}
	for i := range MaxFiles + 1 {
		largest.names = append(largest.names, fmt.Sprintf("%04d", i))
	}
	for _, want := range []record{
		{},
		{kind: Upgrade, data: []byte("\x00\xff"), names: []string{"", "a", "b\x00"}},
		largest,
	} {
		got, err := decode(want.encode(), len(want.names))
		if err != nil || got.kind != want.kind || !bytes.Equal(got.data, want.data) || !reflect.DeepEqual(got.names, want.names) {
			t.Errorf("%.100v, %v", got, err)
		}
		for _, files := range []int{len(want.names) - 1, len(want.names) + 1} {
			if _, err := decode(want.encode(), files); err == nil && files >= 0 {
				t.Errorf("%d names are taken for %d", len(want.names), files)
			}
		}
	}
	if len(largest.encode()) != maxRecord+recordHeader {
		t.Errorf("%d bytes", len(largest.encode()))
	}
	long := largest
	long.kind += "k"
	if _, err := decode(long.encode(), MaxFiles+1); err == nil {
		t.Error("too long a record is accepted")
	}
	if _, err := decode(record{names: []string{"a", "a"}}.encode(), 2); err == nil {
		t.Error("two files of one name are accepted")
	}
	whole := record{kind: "kind", data: []byte("data"), names: []string{"name"}}.encode()
	for n := range len(whole) {
		if _, err := decodeRecord(whole[recordHeader:max(recordHeader, n)], 1); err == nil {
			t.Errorf("%d of %d bytes are accepted", n, len(whole))
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(record{}.encode(), 0)
	f.Add(record{kind: "kind", data: []byte("data"), names: []string{"a", ""}}.encode(), 2)
	f.Add(binary.LittleEndian.AppendUint32(nil, maxRecord+1), 0)
	f.Fuzz(func(t *testing.T, b []byte, files int) {
		r, err := decode(b, files)
		if err != nil {
			return
		}
		if len(r.names) != files || len(r.data) > MaxData || !bytes.HasPrefix(b, r.encode()) {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzMarker(f *testing.F) {
	f.Add(marker{predecessor: 7, files: 3}.encode())
	f.Add("1 1 1 1")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decodeMarker(text)
		if err == nil && (m.predecessor <= 0 || m.files < 0 || m.files > MaxFiles+1) {
			t.Errorf("%q: %+v", text, m)
		}
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte{msgReady})
	f.Add(encodeFailed(-1, "text"))
	f.Add(encodeFailed(3, strings.Repeat("x", maxMessage+1)))
	if b := encodeFailed(3, strings.Repeat("x", maxMessage-1)+"ä"); !utf8.Valid(b[9:]) || len(b) != 9+maxMessage-1 {
		f.Errorf("the text is cut inside a character: %q", b[len(b)-9:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		for {
			m, err := decodeMessage(func(b []byte) error { _, err := io.ReadFull(r, b); return err })
			if err != nil {
				return
			}
			if m.kind != msgReady && m.kind != msgFailed || len(m.text) > 3*maxMessage {
				t.Errorf("%+v", m)
			}
		}
	})
}
