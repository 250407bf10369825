package xmlrpc

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// source is what the XML decoder reads from, byte by byte. It knows where the decoder is and so can see what comes
// next, bound it, and change the encoding of what is not yet read.
type source struct {
	data  []byte // in UTF-8, once the XML declaration is read
	pos   int    // the next byte
	end   int    // no byte behind this one is given out
	mark  string // the encoding that the byte order mark told, "" without one
	told  bool   // the encoding was told beside the document: the XML declaration does not count
	asked bool   // the XML declaration named another encoding than UTF-8
}

// bound says that the token which begins at this offset may be read. Text, comments and CDATA may be as long as the
// document; the decoder hands a tag over when it has read all its attributes, so tags are cut off.
func (s *source) bound(offset int) {
	rest := s.data[min(offset, len(s.data)):]
	s.end = len(s.data)
	if bytes.HasPrefix(rest, []byte("<")) && !bytes.HasPrefix(rest, []byte("<!")) {
		s.end = min(s.end, offset+maxTag)
	}
}

// ReadByte is an io.ByteReader's.
func (s *source) ReadByte() (byte, error) {
	if s.pos >= s.end {
		if s.end < len(s.data) {
			return 0, errorf(CodeLimit, "line %d: a tag is longer than %d bytes", line(s.data[:s.pos]), maxTag)
		}
		return 0, io.EOF
	}
	b := s.data[s.pos]
	s.pos++
	return b, nil
}

// Read is there because the decoder wants an io.Reader; it reads by byte from what is an io.ByteReader too.
func (s *source) Read([]byte) (int, error) {
	return 0, errors.ErrUnsupported
}

// charset is the decoder's CharsetReader: called behind the XML declaration if that names another encoding than UTF-8.
func (s *source) charset(name string, _ io.Reader) (io.Reader, error) {
	s.asked = true
	if s.told {
		return s, nil
	}
	return s, s.recode(name)
}

// recode makes UTF-8 of what is not yet read, which is in the encoding of that name. What should be UTF-8 is not looked at.
func (s *source) recode(name string) error {
	rest := s.data[s.pos:]
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return s.agree(name, "UTF-8")
	case "utf-16":
		if s.mark == "" {
			return errorf(CodeEncoding, "the document is not in UTF-16, as is said of it: %s", supported)
		}
		return s.agree(name, "UTF-16")
	case "us-ascii", "ascii":
		if i := bytes.IndexFunc(rest, func(r rune) bool { return r >= 0x80 }); i >= 0 {
			return errorf(CodeCharacter, "line %d: the byte 0x%02x is no US-ASCII: declare the encoding of the document",
				line(s.data[:s.pos+i]), rest[i])
		}
		return s.agree(name, "")
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		s.data = append(s.data[:s.pos:s.pos], fromLatin1(rest)...)
		s.end = len(s.data)
		return s.agree(name, "")
	}
	return errorf(CodeEncoding, "the encoding %q is not supported: %s", clip(name), supported)
}

// agree refuses a document whose byte order mark is that of another encoding than its XML declaration names.
func (s *source) agree(name, mark string) error {
	if s.mark == "" || s.mark == mark {
		return nil
	}
	return errorf(CodeEncoding, "the byte order mark says %s and the XML declaration %s: correct the declaration",
		s.mark, clip(name))
}
