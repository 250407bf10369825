package xmlrpc_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/legion-go/legion/internal/xmlrpc"
)

// declared returns a document with an XML declaration.
func declared(encoding, value string) string {
	return `<?xml version="1.0" encoding="` + encoding + `"?>` + call("<value>"+value+"</value>")
}

func inUTF16(order binary.AppendByteOrder, mark bool, text string) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var b []byte
	for _, u := range units {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestEncodings(t *testing.T) {
	const text = "Grüße, 世界 🐧"
	for name, c := range map[string]struct{ doc, want string }{
		"none":                  {call("<value>" + text + "</value>"), text},
		"declaration only":      {`<?xml version="1.0"?>` + call("<value>"+text+"</value>"), text},
		"space before":          {"\r\n\t " + declared("UTF-8", text), text},
		"UTF-8":                 {declared("UTF-8", text), text},
		"utf-8":                 {declared("utf-8", text), text},
		"utf8":                  {declared("utf8", text), text},
		"single quotes":         {strings.ReplaceAll(declared("utf-8", text), `"`, `'`), text},
		"standalone":            {strings.Replace(declared("utf-8", text), "?>", " standalone='yes' ?>", 1), text},
		"UTF-8 with mark":       {"\ufeff" + declared("UTF-8", text), text},
		"mark only":             {"\ufeff" + call("<value>"+text+"</value>"), text},
		"US-ASCII":              {declared("US-ASCII", "abc&#252;"), "abcü"},
		"ascii":                 {declared("ascii", "abc"), "abc"},
		"ISO-8859-1":            {declared("ISO-8859-1", "Gr\xfc\xdfe \x80\xff"), "Grüße \u0080ÿ"},
		"iso-8859-1":            {declared("iso-8859-1", "\xe9"), "é"},
		"latin1":                {declared("latin1", "\xe9"), "é"},
		"latin-1 that is UTF-8": {declared("ISO-8859-1", "é"), "Ã©"},
		"UTF-16LE":              {inUTF16(binary.LittleEndian, true, declared("UTF-16", text)), text},
		"UTF-16BE":              {inUTF16(binary.BigEndian, true, declared("utf-16", text)), text},
		"UTF-16 no encoding":    {inUTF16(binary.BigEndian, true, `<?xml version="1.0"?>`+call("<value>"+text+"</value>")), text},
		"UTF-16 not declared":   {inUTF16(binary.LittleEndian, true, call("<value>"+text+"</value>")), text},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, c.doc); got != `"`+c.want+`"` {
				t.Errorf("read as %s, want %q", got, c.want)
			}
		})
	}
}

func TestEncodingsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		doc  string
		code int
		says string
	}{
		"windows-1252":              {declared("windows-1252", ""), xmlrpc.CodeEncoding, `"windows-1252" is not supported: send the document in UTF-8`},
		"EBCDIC":                    {declared("EBCDIC-CP-US", ""), xmlrpc.CodeEncoding, "is not supported"},
		"UTF-7":                     {declared("UTF-7", ""), xmlrpc.CodeEncoding, "is not supported"},
		"long name":                 {declared(strings.Repeat("x", 900), ""), xmlrpc.CodeEncoding, "is not supported"},
		"UTF-16 that is none":       {declared("UTF-16", ""), xmlrpc.CodeEncoding, "is not in UTF-16"},
		"UTF-16LE without mark":     {inUTF16(binary.LittleEndian, false, declared("UTF-16", "")), xmlrpc.CodeEncoding, "without a byte order mark"},
		"UTF-16BE without mark":     {inUTF16(binary.BigEndian, false, declared("UTF-16", "")), xmlrpc.CodeEncoding, "without a byte order mark"},
		"UTF-32LE":                  {"\xff\xfe\x00\x00<\x00\x00\x00", xmlrpc.CodeEncoding, "UTF-32"},
		"UTF-32BE":                  {"\x00\x00\xfe\xff\x00\x00\x00<", xmlrpc.CodeEncoding, "UTF-32"},
		"UTF-16 called UTF-8":       {inUTF16(binary.LittleEndian, true, declared("UTF-8", "")), xmlrpc.CodeEncoding, "the byte order mark says UTF-16 and the XML declaration UTF-8"},
		"UTF-16 called utf8":        {inUTF16(binary.LittleEndian, true, declared("utf8", "")), xmlrpc.CodeEncoding, "the byte order mark says UTF-16"},
		"UTF-16 called latin1":      {inUTF16(binary.LittleEndian, true, declared("latin1", "")), xmlrpc.CodeEncoding, "the byte order mark says UTF-16"},
		"UTF-8 mark called latin1":  {"\ufeff" + declared("ISO-8859-1", ""), xmlrpc.CodeEncoding, "the byte order mark says UTF-8"},
		"UTF-8 mark called UTF-16":  {"\ufeff" + declared("UTF-16", ""), xmlrpc.CodeEncoding, "the byte order mark says UTF-8"},
		"XML 1.1":                   {`<?xml version="1.1"?>` + call("<value/>"), xmlrpc.CodeNotWellFormed, "only version 1.0 is supported"},
		"declared twice":            {declared("utf-8", "") + declared("utf-8", ""), xmlrpc.CodeNotWellFormed, "only stand at the very beginning"},
		"declared late":             {call("<value/>") + `<?xml version="1.0" encoding="latin1"?>`, xmlrpc.CodeNotWellFormed, "only stand at the very beginning"},
		"declared in a value":       {call(`<value><?xml version="1.0" encoding="latin1"?></value>`), xmlrpc.CodeNotWellFormed, "only stand at the very beginning"},
		"XML in capitals":           {call(`<value><?XML ?></value>`), xmlrpc.CodeNotWellFormed, "only stand at the very beginning"},
		"declaration without end":   {`<?xml version="1.0"`, xmlrpc.CodeNotWellFormed, "unexpected EOF"},
		"no UTF-8":                  {call("<value>a\xffb</value>"), xmlrpc.CodeCharacter, "byte 0xff is not UTF-8"},
		"half a character":          {call("<value>\xc3</value>"), xmlrpc.CodeCharacter, "byte 0xc3"},
		"overlong":                  {call("<value>\xc0\xbc</value>"), xmlrpc.CodeCharacter, "byte 0xc0"},
		"surrogate in UTF-8":        {call("<value>\xed\xa0\x80</value>"), xmlrpc.CodeCharacter, "byte 0xed"},
		"latin1 not declared":       {declared("utf-8", "Gr\xfc\xdfe"), xmlrpc.CodeCharacter, "declare the encoding"},
		"no UTF-8 in a comment":     {call("<value><!-- \xff --></value>"), xmlrpc.CodeCharacter, "byte 0xff"},
		"no UTF-8 in a name":        {call("<value><\xff/></value>"), xmlrpc.CodeCharacter, "byte 0xff"},
		"no US-ASCII":               {declared("US-ASCII", "\n\xfc"), xmlrpc.CodeCharacter, "line 2: the byte 0xfc is not US-ASCII"},
		"UTF-8 called US-ASCII":     {declared("US-ASCII", "ü"), xmlrpc.CodeCharacter, "0xc3 is not US-ASCII"},
		"odd UTF-16":                {inUTF16(binary.LittleEndian, true, call("<value/>")) + "\n", xmlrpc.CodeCharacter, "ends in the middle"},
		"high surrogate":            {"\xfe\xff\x00<\xd8\x00\x00a", xmlrpc.CodeCharacter, "half a surrogate pair"},
		"high surrogate at the end": {"\xfe\xff\x00<\xd8\x00", xmlrpc.CodeCharacter, "half a surrogate pair"},
		"low surrogate":             {"\xfe\xff\x00<\xdc\x00\x00a", xmlrpc.CodeCharacter, "half a surrogate pair"},
		"reference to a surrogate":  {call("<value>a&#xD800;b</value>"), xmlrpc.CodeNotWellFormed, "half a surrogate pair"},
		"in decimal":                {call("<value>�&amp;&#57343;</value>"), xmlrpc.CodeNotWellFormed, "half a surrogate pair"},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, []byte(c.doc), xmlrpc.Limits{}, c.code, c.says) })
	}
}

func TestControlCharacters(t *testing.T) {
	for c := range byte(' ') {
		allowed := c == '\t' || c == '\n' || c == '\r'
		for _, place := range []string{"<value>%</value>", "<value><!-- % --></value>", "<value><int%>1</int></value>", "<value><![CDATA[%]]></value>"} {
			doc := call(strings.ReplaceAll(place, "%", string(c)))
			if allowed {
				parse(t, doc)
			} else {
				refuse(t, []byte(doc), xmlrpc.Limits{}, xmlrpc.CodeNotWellFormed, "not allowed in XML: send such bytes as base64")
			}
		}
	}
	for _, ref := range []string{"&#0;", "&#x1B;", "&#8;", "&#xFFFE;", "&#xFFFF;"} {
		refuse(t, []byte(call("<value>"+ref+"</value>")), xmlrpc.Limits{}, xmlrpc.CodeNotWellFormed, "illegal character")
	}
}

// The charset takes precedence over the declaration, and a byte order mark over
// both.
func TestCharset(t *testing.T) {
	const text = "Gr\u00fc\u00dfe"
	latin := "Gr\xfc\xdfe"
	for name, c := range map[string]struct{ charset, doc string }{
		"none":                       {"", declared("ISO-8859-1", latin)},
		"latin1, not declared":       {"ISO-8859-1", call("<value>" + latin + "</value>")},
		"latin1, declared":           {"iso-8859-1", declared("iso-8859-1", latin)},
		"latin1, declared as UTF-8":  {"latin1", declared("utf-8", latin)},
		"latin1, declared as utf8":   {"latin1", declared("utf8", latin)},
		"latin1, declared as ASCII":  {"latin1", declared("us-ascii", latin)},
		"latin1, declared as odd":    {"latin1", declared("windows-1252", latin)},
		"UTF-8":                      {"UTF-8", declared("utf-8", text)},
		"UTF-8, declared as latin1":  {"utf-8", declared("ISO-8859-1", text)},
		"UTF-8, declared as UTF-16":  {"utf-8", declared("UTF-16", text)},
		"ASCII":                      {"us-ascii", declared("utf-8", "Gr&#xfc;&#xdf;e")},
		"UTF-16":                     {"utf-16", inUTF16(binary.BigEndian, true, declared("utf-16", text))},
		"latin1 of UTF-16 with mark": {"latin1", inUTF16(binary.LittleEndian, true, declared("utf-16", text))},
		"latin1 of UTF-8 with mark":  {"latin1", "\ufeff" + declared("utf-8", text)},
	} {
		method, params, err := xmlrpc.ParseCall([]byte(c.doc), c.charset, xmlrpc.Limits{})
		if err != nil || method != "m" || string(params) != `["`+text+`"]` {
			t.Errorf("%s: %s %s, %v", name, method, params, err)
		}
	}
	for name, c := range map[string]struct {
		charset, doc string
		code         int
		says         string
	}{
		"latin1 as UTF-8":      {"utf-8", declared("iso-8859-1", latin), xmlrpc.CodeCharacter, "byte 0xfc is not UTF-8"},
		"latin1 as ASCII":      {"us-ascii", declared("iso-8859-1", latin), xmlrpc.CodeCharacter, "byte 0xfc is not US-ASCII"},
		"UTF-16 without mark":  {"utf-16", declared("utf-8", ""), xmlrpc.CodeEncoding, "is not in UTF-16"},
		"another":              {"windows-1252", declared("utf-8", ""), xmlrpc.CodeEncoding, `"windows-1252" is not supported`},
		"control characters":   {"latin1", call("<value>\x01</value>"), xmlrpc.CodeNotWellFormed, "U+0001 is not allowed"},
		"mark and declaration": {"latin1", "\ufeff" + declared("latin1", ""), xmlrpc.CodeEncoding, "the byte order mark says UTF-8"},
	} {
		_, _, err := xmlrpc.ParseCall([]byte(c.doc), c.charset, xmlrpc.Limits{})
		if e, ok := err.(*xmlrpc.Error); !ok || e.Code != c.code || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v; want %d %s", name, err, c.code, c.says)
		}
	}
}
