package control

import "bytes"

// protocol is the protocol that a client speaks.
type protocol uint8

const (
	silent protocol = iota // the client has not sent enough to tell
	http
	lines // JSON-RPC, one request in each line
	xml   // XML-RPC, one document
)

func (p protocol) String() string { return [...]string{"", "http", "json", "xml"}[p] }

// sniff tells the protocol by the first bytes; known is false if they are too
// few. Input that is neither HTTP nor XML is answered as JSON is: people who
// type by hand use that protocol.
func sniff(first []byte) (p protocol, known bool) {
	first = first[:min(len(first), sniffed)]
	rest := bytes.TrimLeft(first, " \t\r\n")
	switch {
	case len(rest) == 0:
		return lines, len(first) >= sniffed
	case rest[0] == '<':
		return xml, true
	case len(rest) == len(first) && (rest[0] == 0xFE || rest[0] == 0xFF || rest[0] == 0xEF): // a byte order mark
		return xml, true
	case rest[0] >= 'A' && rest[0] <= 'Z':
		return http, true
	}
	return lines, true
}
