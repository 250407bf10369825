package control

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
)

// head is the head of an HTTP request, RFC 9112. It refuses everything that two
// readers might understand differently: such heads smuggle requests past a
// proxy that checks them.
type head struct {
	method string
	path   string // without its escapes
	query  url.Values
	minor  int // of HTTP/1.x
	fields []field
	length int // of the body; chunked if not known in advance
	last   bool
	expect bool // the client waits for a "100 Continue" before it sends the body
}

const chunked = -1

type field struct{ name, value string } // the name in lower case

// get returns the value of a field, "" if it is missing.
func (h *head) get(name string) string {
	for _, f := range h.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// count returns the number of fields with a name.
func (h *head) count(name string) (n int) {
	for _, f := range h.fields {
		if f.name == name {
			n++
		}
	}
	return n
}

// readHead reads a head. The error is a refusal, or the reason why reading
// failed.
func readHead(in *bufio.Reader, l Limits) (*head, error) {
	budget := l.Head
	line, err := headLine(in, &budget)
	if err != nil {
		return nil, err
	}
	h := &head{}
	if err := h.requestLine(string(line)); err != nil {
		return nil, err
	}
	for {
		line, err := headLine(in, &budget)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			break
		}
		if len(h.fields) >= l.Fields {
			return nil, httpRefusal(431, "the head has more than %d fields", l.Fields)
		}
		f, err := parseField(line)
		if err != nil {
			return nil, err
		}
		h.fields = append(h.fields, f)
	}
	return h, h.check()
}

// headLine reads a line, without the CR LF at its end, and takes it from the
// budget of bytes.
func headLine(in *bufio.Reader, budget *int) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if *budget -= len(part); *budget < 0 {
			return nil, httpRefusal(431, "the head of the request is too large")
		}
		line = append(line, part...)
		switch {
		case err == nil:
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
		line, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok {
			return nil, httpRefusal(400, "a line does not end with CR LF")
		}
		return line, nil
	}
}

// requestLine reads "GET /path?query HTTP/1.1".
func (h *head) requestLine(line string) error {
	method, rest, ok1 := strings.Cut(line, " ")
	target, version, ok2 := strings.Cut(rest, " ")
	if !ok1 && framed([]byte(line)) {
		return errFramed
	}
	if !ok1 || !ok2 || !isToken(method) || len(method) > 32 {
		return httpRefusal(400, "this is not a request line of HTTP/1.1")
	}
	h.method = method
	switch version {
	case "HTTP/1.1":
		h.minor = 1
	case "HTTP/1.0":
		h.last = true
	default:
		if strings.HasPrefix(version, "HTTP/") {
			return httpRefusal(505, "HTTP/1.1 is spoken here")
		}
		return httpRefusal(400, "this is not a request line of HTTP/1.1")
	}
	return h.parseTarget(target)
}

// parseTarget reads the origin form only: a path and a query.
func (h *head) parseTarget(target string) error {
	if len(target) > longestTarget {
		return httpRefusal(414, "the target is longer than %d bytes", longestTarget)
	}
	if !strings.HasPrefix(target, "/") || strings.ContainsFunc(target, func(c rune) bool { return c <= ' ' || c >= 0x7F || c == '#' }) {
		return httpRefusal(400, "the target is not a path that begins with a slash")
	}
	raw, query, _ := strings.Cut(target, "?")
	var err error
	if h.path, err = url.PathUnescape(raw); err != nil {
		return httpRefusal(400, "the path has an invalid escape")
	}
	if strings.ContainsFunc(h.path, func(c rune) bool { return c < ' ' || c == 0x7F }) {
		return httpRefusal(400, "the path has a control character")
	}
	for segment := range strings.SplitSeq(h.path, "/") {
		if segment == "." || segment == ".." {
			return httpRefusal(400, "the path has a segment of dots")
		}
	}
	if h.query, err = url.ParseQuery(query); err != nil {
		return httpRefusal(400, "the query cannot be read: %v", err)
	}
	return nil
}

// parseField reads "Name: value".
func parseField(line []byte) (field, error) {
	if line[0] == ' ' || line[0] == '\t' {
		return field{}, httpRefusal(400, "a field is continued on a second line")
	}
	name, value, ok := strings.Cut(string(line), ":")
	if !ok || !isToken(name) {
		return field{}, httpRefusal(400, "a field has no proper name")
	}
	value = strings.Trim(value, " \t")
	if !isFieldValue(value) {
		return field{}, httpRefusal(400, "the value of a field has a control character")
	}
	return field{strings.ToLower(name), value}, nil
}

// isFieldValue reports whether s can be the value of a field: it has no control
// characters.
func isFieldValue(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7F }) < 0
}

// isToken is RFC 9110, token.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// check reads the fields that determine where the request ends, and its host.
func (h *head) check() error {
	for _, once := range []string{"host", "content-length", "transfer-encoding", "content-type", "content-encoding", "authorization", "origin", "expect"} {
		if h.count(once) > 1 {
			return httpRefusal(400, "there is more than one field %s", once)
		}
	}
	if h.minor > 0 && h.count("host") == 0 {
		return httpRefusal(400, "the field host is missing")
	}
	if !isHost(h.get("host")) {
		return httpRefusal(400, "the field host is not a host")
	}
	for _, f := range h.fields {
		if f.name != "connection" {
			continue
		}
		for option := range strings.SplitSeq(f.value, ",") {
			if strings.EqualFold(strings.Trim(option, " \t"), "close") {
				h.last = true
			}
		}
	}
	if err := h.framing(); err != nil {
		return err
	}
	if h.count("content-encoding") > 0 && !strings.EqualFold(h.get("content-encoding"), "identity") {
		return httpRefusal(415, "a body with a content-encoding is not read: send it as it is")
	}
	if h.count("expect") > 0 {
		if !strings.EqualFold(h.get("expect"), "100-continue") {
			return httpRefusal(417, "the expectation is unknown: only 100-continue is supported")
		}
		h.expect = h.minor > 0 && h.length != 0
	}
	return nil
}

// framing finds out where the body ends.
func (h *head) framing() error {
	if h.count("trailer") > 0 {
		return httpRefusal(400, "trailers are not read")
	}
	if h.count("transfer-encoding") > 0 {
		switch {
		case h.count("content-length") > 0:
			return httpRefusal(400, "there are both content-length and transfer-encoding")
		case h.minor == 0:
			return httpRefusal(400, "HTTP/1.0 has no transfer-encoding")
		case !strings.EqualFold(h.get("transfer-encoding"), "chunked"):
			return httpRefusal(501, "the only transfer-encoding that is read is chunked")
		}
		h.length = chunked
		return nil
	}
	if h.count("content-length") == 0 {
		return nil
	}
	n, err := strconv.ParseUint(h.get("content-length"), 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		return tooLarge(1<<31 - 1)
	}
	if err != nil {
		return httpRefusal(400, "the content-length is not a number")
	}
	h.length = int(n)
	return nil
}

// isHost reports whether s can be a host that a client asks for; it may be
// empty.
func isHost(s string) bool {
	return len(s) <= 255 && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(".-_~:[]%", c))
	}) < 0
}

// local reports whether a client asks for an address or localhost: any site can
// point a name of its own at us.
func (h *head) local() bool {
	name := h.get("host")
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
		name = name[:i]
	}
	if name == "" || strings.EqualFold(name, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(name, "["), "]"))
	return err == nil
}

// media is the type of the body, without its parameters.
func (h *head) media() string {
	kind, _, _ := strings.Cut(h.get("content-type"), ";")
	return strings.ToLower(strings.Trim(kind, " \t"))
}

// charset is the encoding that the type of the body names; "" if it names none.
func (h *head) charset() string {
	_, parameters, _ := strings.Cut(h.get("content-type"), ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.Trim(name, " \t"), "charset") {
			return strings.Trim(value, " \t\"")
		}
	}
	return ""
}

// isXML reports whether the client speaks XML-RPC.
func (h *head) isXML() bool {
	return h != nil && (h.media() == "text/xml" || h.media() == "application/xml")
}

// readBody appends the body to g.
func (h *head) readBody(in *bufio.Reader, g *gather) error {
	if h.length != chunked {
		return g.read(in, h.length)
	}
	for {
		budget := 16
		line, err := headLine(in, &budget)
		if err != nil {
			if _, refused := errors.AsType[*refusal](err); refused {
				return errChunk
			}
			return err
		}
		size, err := chunkSize(string(line))
		if err != nil {
			return err
		}
		if size > 0 {
			if err := g.read(in, size); err != nil {
				return err
			}
		}
		// Trailers could follow the last chunk here.
		budget = 2
		if line, err := headLine(in, &budget); err != nil || len(line) > 0 {
			if _, refused := errors.AsType[*refusal](err); refused || err == nil {
				return errChunk
			}
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

var errChunk = &refusal{status: 400, code: rpc.CodeTransport, text: "a chunk of the body is malformed, has an extension, or there are trailers"}

func chunkSize(s string) (int, error) {
	n, err := strconv.ParseUint(s, 16, 31)
	if err != nil {
		return 0, errChunk
	}
	return int(n), nil
}
