package xmlrpc

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// source is the input of the XML decoder, which reads it byte by byte. So
// source knows where the decoder is, and can limit the next token, and change
// the encoding of the unread rest.
type source struct {
	data  []byte // in UTF-8, once the XML declaration is read
	pos   int    // the next byte
	end   int    // the decoder gets no byte from here on
	mark  string // the encoding of the byte order mark, "" without one
	told  bool   // the encoding came with the document: the XML declaration does not count
	asked bool   // the XML declaration named another encoding than UTF-8
}

// bound allows the token at this offset to be read. Text, comments and CDATA
// may be as long as the document; the length of a tag is limited, because the
// decoder returns a tag only after it has read all its attributes.
func (s *source) bound(offset int) {
	rest := s.data[min(offset, len(s.data)):]
	s.end = len(s.data)
	if bytes.HasPrefix(rest, []byte("<")) && !bytes.HasPrefix(rest, []byte("<!")) {
		s.end = min(s.end, offset+maxTag)
	}
}

// ReadByte implements io.ByteReader.
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

// Read exists because the decoder needs an io.Reader; it never calls it, since
// source is an io.ByteReader too.
func (s *source) Read([]byte) (int, error) {
	return 0, errors.ErrUnsupported
}

// charset is the decoder's CharsetReader, called after the XML declaration if
// that names an encoding other than UTF-8.
func (s *source) charset(name string, _ io.Reader) (io.Reader, error) {
	s.asked = true
	if s.told {
		return s, nil
	}
	return s, s.recode(name)
}

// recode converts the unread rest from the named encoding to UTF-8. It does not
// check UTF-8.
func (s *source) recode(name string) error {
	rest := s.data[s.pos:]
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return s.agree(name, "UTF-8")
	case "utf-16":
		if s.mark == "" {
			return errorf(CodeEncoding, "the document is not in UTF-16, although it is declared so: %s", supported)
		}
		return s.agree(name, "UTF-16")
	case "us-ascii", "ascii":
		if i := bytes.IndexFunc(rest, func(r rune) bool { return r >= 0x80 }); i >= 0 {
			return errorf(CodeCharacter, "line %d: the byte 0x%02x is not US-ASCII: declare the encoding of the document",
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

// agree refuses a document whose byte order mark contradicts its XML
// declaration.
func (s *source) agree(name, mark string) error {
	if s.mark == "" || s.mark == mark {
		return nil
	}
	return errorf(CodeEncoding, "the byte order mark says %s and the XML declaration %s: correct the declaration",
		s.mark, clip(name))
}
