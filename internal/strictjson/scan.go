package strictjson

import "bytes"

// Scan checks two limits of a text that comes in pieces, before the rest of it
// is there: it looks for the first bracket that opens a value deeper than
// MaxDepth, and, if the text is a list, for the comma after its element number
// MaxElements. Of JSON it understands only brackets, commas and strings.
// [Take] begins with it: so it answers what comes up to that place as it
// answers the whole text.
type Scan struct {
	MaxDepth, MaxElements int

	offset int // of the pieces so far
	list   bool
	begun  bool // something but white space has come
	quoted bool // inside a string
	escape bool // after a backslash in it
	depth  int
	commas int // of the list
}

// Next checks the next piece. After an error there must be no other.
func (s *Scan) Next(piece []byte) error {
	defer func() { s.offset += len(piece) }()
	if !s.begun {
		rest := skipSpace(piece)
		s.begun, s.list = len(rest) > 0, bytes.HasPrefix(rest, []byte("["))
	}
	for i := 0; i < len(piece); i++ {
		if s.quoted {
			if i = s.inString(piece, i); i == len(piece) {
				break
			}
		}
		switch piece[i] {
		case '[', '{':
			if s.depth++; s.depth > s.MaxDepth {
				return &Error{Kind: Deep, Offset: s.offset + i, Limit: s.MaxDepth}
			}
		case ']', '}':
			s.depth--
		case ',':
			if !s.list || s.depth != 1 {
				continue
			}
			if s.commas++; s.commas >= s.MaxElements {
				return &Error{Kind: Long, Offset: s.offset + i, Limit: s.MaxElements}
			}
		case '"':
			s.quoted = !s.quoted
		}
	}
	return nil
}

// inString returns the place of the quotation mark at which the string in piece
// ends, len(piece) if it goes on in the next one. It begins at from.
func (s *Scan) inString(piece []byte, from int) int {
	i := from
	for ; i < len(piece); i++ {
		switch {
		case s.escape:
			s.escape = false
		case piece[i] == '\\':
			s.escape = true
		case piece[i] == '"':
			return i
		}
	}
	return i
}
