package xmlrpc

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// extensions is the namespace of Apache's additions to XML-RPC. Many senders
// write its prefix ex without declaring it.
const extensions = "http://ws.apache.org/xmlrpc/namespaces/extensions"

// space is XML's white space.
const space = " \t\r\n"

// parser reads one document. It sees the document as tags with text between
// them, and writes the values as JSON.
type parser struct {
	limits Limits
	src    *source
	dec    *xml.Decoder
	json   bytes.Buffer
	out    *jsontext.Encoder // into json
	text   []byte            // of the element that is being read
	values int               // values begun so far
}

// newParser begins a document and determines its encoding. charset is the name
// that came with the document, "" without.
func newParser(data []byte, charset string, l Limits) (*parser, error) {
	p := &parser{limits: l.orDefaults()}
	if len(data) > p.limits.Size {
		return nil, errorf(CodeLimit, "the document has %d bytes, more than the limit of %d", len(data), p.limits.Size)
	}
	text, mark, err := unwrap(data)
	if err != nil {
		return nil, err
	}
	p.src = &source{data: text, mark: mark}
	if charset != "" && mark == "" {
		p.src.told = true
		if err := p.src.recode(charset); err != nil {
			return nil, err
		}
	}
	p.dec = xml.NewDecoder(p.src)
	p.dec.CharsetReader = p.src.charset
	p.out = jsontext.NewEncoder(&p.json)
	if bytes.HasPrefix(bytes.TrimLeft(p.src.data, space), []byte("<?xml")) {
		if err := p.declaration(); err != nil {
			return nil, err
		}
	}
	return p, checkText(p.src.data)
}

// declaration reads the XML declaration. White space before it is against the
// rules, but common.
func (p *parser) declaration() error {
	for {
		p.src.bound(int(p.dec.InputOffset()))
		t, err := p.dec.Token()
		if err != nil {
			return p.syntax(err)
		}
		d, ok := t.(xml.ProcInst)
		if !ok {
			continue
		}
		// The decoder calls charset for every encoding but UTF-8.
		if d.Target == "xml" && !p.src.asked && bytes.Contains(d.Inst, []byte("encoding")) {
			return p.src.agree("UTF-8", "UTF-8")
		}
		return nil
	}
}

// token returns the next tag or text. It is valid until the next call. The end
// of the document is io.EOF, or an Error within an element.
func (p *parser) token() (xml.Token, error) {
	for {
		begin := int(p.dec.InputOffset())
		p.src.bound(begin)
		rest := p.src.data[begin:]
		if after, ok := bytes.CutPrefix(rest, []byte("<!")); ok && (len(after) == 0 || after[0] != '-' && after[0] != '[') {
			return nil, p.invalid("document types and entities are not allowed: leave the DOCTYPE out")
		}
		t, err := p.dec.Token()
		if err == io.EOF {
			return nil, err
		}
		if err != nil {
			return nil, p.syntax(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, p.checkTag(t)
		case xml.CharData:
			if bytes.ContainsRune(t, utf8.RuneError) && namesSurrogate(p.src.data[begin:p.dec.InputOffset()]) {
				return nil, p.errorf(CodeNotWellFormed, "a reference to half a surrogate pair is not a character")
			}
			return t, nil
		case xml.ProcInst:
			if strings.EqualFold(t.Target, "xml") {
				return nil, p.errorf(CodeNotWellFormed, "the XML declaration may only stand at the very beginning")
			}
		case xml.Comment:
		default:
			return t, nil
		}
	}
}

// checkTag refuses attributes and foreign elements, which XML-RPC does not
// have.
func (p *parser) checkTag(t xml.StartElement) error {
	for _, a := range t.Attr {
		if a.Name.Space != "xmlns" {
			return p.invalid("<%s> has an attribute %q: XML-RPC has no attributes", clip(t.Name.Local), clip(a.Name.Local))
		}
	}
	if s := t.Name.Space; s != "" && s != "ex" && s != extensions {
		return p.invalid("<%s> is in the namespace %q: XML-RPC allows none except %s",
			clip(t.Name.Local), clip(s), extensions)
	}
	return nil
}

// element returns the name of an element; the names of Apache's additions begin
// with "ex:".
func element(n xml.Name) string {
	if n.Space != "" {
		return "ex:" + n.Local
	}
	return n.Local
}

// tag returns the next tag within the element of that name; only white space
// may precede it. It returns "" at the end of the element. "" as name stands
// for the document around the root, whose end is the end of the document.
func (p *parser) tag(within string) (string, error) {
	for {
		t, err := p.token()
		if err == io.EOF && within == "" {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return element(t.Name), nil
		case xml.EndElement:
			return "", nil
		case xml.CharData:
			if s := strings.Trim(string(t), space); s != "" && within == "" {
				return "", p.errorf(CodeNotWellFormed, "text %q outside the root element", clip(s))
			} else if s != "" {
				return "", p.invalid("text %q %s: only white space may stand there", clip(s), inside(within))
			}
		}
	}
}

// open expects a tag.
func (p *parser) open(name, within string) error {
	got, err := p.tag(within)
	if err != nil || got == name {
		return err
	}
	if got == "" && within == "" {
		return p.errorf(CodeNotWellFormed, "the document has no <%s>", name)
	}
	if got == "" {
		return p.invalid("<%s> is missing %s", name, inside(within))
	}
	if within == "" {
		return p.invalid("the root element is <%s>: it should be <%s>", clip(got), name)
	}
	return p.invalid("<%s> %s, where <%s> should be", clip(got), inside(within), name)
}

// close expects the end of an element.
func (p *parser) close(name string) error {
	got, err := p.tag(name)
	if err != nil || got == "" {
		return err
	}
	return p.invalid("<%s> %s, where nothing more is expected", clip(got), inside(name))
}

// content reads the text of an element, and its end tag. It is valid until the
// next call.
func (p *parser) content(within string) ([]byte, error) {
	p.text = p.text[:0]
	for {
		t, err := p.token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.CharData:
			p.text = append(p.text, t...)
		case xml.EndElement:
			return p.text, nil
		case xml.StartElement:
			return nil, p.invalid("<%s> %s, which holds text only", clip(element(t.Name)), inside(within))
		}
	}
}

// inside describes a place for messages.
func inside(name string) string {
	if name == "" {
		return "outside the root element"
	}
	return "in <" + clip(name) + ">"
}

// namesSurrogate reports whether the raw text of the document refers to a code
// point that is half a surrogate pair. The decoder would turn it into U+FFFD.
func namesSurrogate(text []byte) bool {
	if bytes.HasPrefix(text, []byte("<![CDATA[")) {
		return false
	}
	for {
		var found bool
		if _, text, found = bytes.Cut(text, []byte("&#")); !found {
			return false
		}
		number, _, _ := bytes.Cut(text, []byte(";"))
		base := 10
		if hex, ok := bytes.CutPrefix(number, []byte("x")); ok {
			number, base = hex, 16
		}
		if n, err := strconv.ParseUint(string(number), base, 64); err == nil && 0xd800 <= n && n <= 0xdfff {
			return true
		}
	}
}
