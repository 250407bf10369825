package xmlrpc_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/xmlrpc"
)

const bomb = `<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
 <!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">
]>
<methodCall><methodName>&lol2;</methodName></methodCall>`

func TestDocumentTypes(t *testing.T) {
	for _, doc := range []string{
		bomb,
		"<!DOCTYPE methodCall>" + call("<value/>"),
		"<!doctype x>" + call("<value/>"),
		`<!DOCTYPE a SYSTEM "file:///etc/passwd">` + call("<value/>"),
		call("<value><!ENTITY a 'b'></value>"),
		call("<value/>") + "<!ELEMENT a ANY>",
		"<!DOCTYPE " + strings.Repeat("<", 1<<20),
		"<!",
		"<!X",
		"<!>",
	} {
		refuse(t, []byte(doc), xmlrpc.Limits{}, xmlrpc.CodeInvalid, "document types and entities are not allowed")
	}
	for _, ref := range []string{"&lol;", "&nbsp;", "&;", "&", "&#;", "&#x;", "&#xg;", "&#-1;", "&#x110000;", "&#99999999999999999999;", "&amp", "& "} {
		refuse(t, []byte(call("<value>"+ref+"</value>")), xmlrpc.Limits{}, xmlrpc.CodeNotWellFormed, "invalid character entity")
	}
}

func TestMalformed(t *testing.T) {
	for _, doc := range []string{
		"", " ", "\n", "<", "<<", "<a", "<>", "</a>", "< methodCall/>", "<?", "<!-", "<!--", "<!-- -- -->", "<![CDATA[", "<![CDAT",
		"<methodCall>", "<methodCall><methodName>m</methodName>", "<methodCall><methodName>m", "<methodCall><methodName>m</methodCall>",
		"<methodCall></methodcall>", "<methodCall x></methodCall>", "<methodCall x=y/>", "<methodCall x='<'/>", "<a:b:c/>",
		call("<value>"), call("<value>a"), call("<value><int>1"), call("<value><int>1</value>"), call("<value><int>1</i4></value>"),
		call("<value>]]></value>"), call("<value><![CDATA[a</value>"), call("<value><!-- a</value>"), call("<value><1/></value>"),
		call("<value/></value>"), call("<value/") + ">", call("<value/>")[:40], call("<value><ex:nil></x:nil></value>"),
		"\x00", "\x00\x00\x00\x00",
	} {
		_, params, err := xmlrpc.ParseCall([]byte(doc), "", xmlrpc.Limits{})
		if e, ok := err.(*xmlrpc.Error); !ok || e.Code != xmlrpc.CodeNotWellFormed && e.Code != xmlrpc.CodeEncoding {
			t.Errorf("%q is read as %s, error %v", doc, params, err)
		}
	}
	// No proper prefix of a document is accepted.
	doc := strings.TrimRight(declared("utf-8", "<struct><member><name>a</name><value><array><data><value><int>1</int></value></data></array></value></member></struct>"), "\n")
	for i := range len(doc) {
		if _, params, err := xmlrpc.ParseCall([]byte(doc[:i]), "", xmlrpc.Limits{}); err == nil {
			t.Errorf("%q is read as %s", doc[:i], params)
		}
	}
}

func nested(n int) (doc, json string) {
	arrays, structs := n/2, n-n/2
	doc = strings.Repeat("<value><array><data>", arrays) + strings.Repeat("<value><struct><member><name>a</name>", structs) + "<value><nil/></value>" +
		strings.Repeat("</member></struct></value>", structs) + strings.Repeat("</data></array></value>", arrays)
	json = strings.Repeat("[", arrays) + strings.Repeat(`{"a":`, structs) + "null" + strings.Repeat("}", structs) + strings.Repeat("]", arrays)
	return call(doc), json
}

// The call and the list of its parameters count as two levels.
func TestDepth(t *testing.T) {
	for _, n := range []int{0, 1, 2, 61, 62} {
		doc, want := nested(n)
		if got := parse(t, doc); got != want {
			t.Errorf("%d levels are read as %s", n, got)
		}
	}
	doc, _ := nested(63)
	refuse(t, []byte(doc), xmlrpc.Limits{}, xmlrpc.CodeLimit, "nested deeper than 64 values")
	doc, _ = nested(3)
	refuse(t, []byte(doc), xmlrpc.Limits{Depth: 4}, xmlrpc.CodeLimit, "nested deeper than 4 values")
	doc, _ = nested(1)
	refuse(t, []byte(doc), xmlrpc.Limits{Depth: 1}, xmlrpc.CodeLimit, "nested deeper than 1 values")
	doc, _ = nested(20_000)
	refuse(t, []byte(doc), xmlrpc.Limits{Depth: 1 << 30}, xmlrpc.CodeLimit, "nested deeper than 1000 values")
	refuse(t, []byte(strings.Repeat("<value>", 500_000)), xmlrpc.Limits{}, xmlrpc.CodeInvalid, "it should be <methodCall>")
	refuse(t, []byte(call(strings.Repeat("<value>", 500_000))), xmlrpc.Limits{}, xmlrpc.CodeInvalid, "<value> is not a type")
}

func TestSize(t *testing.T) {
	doc := call("<value>text</value>")
	if _, _, err := xmlrpc.ParseCall([]byte(doc), "", xmlrpc.Limits{Size: len(doc)}); err != nil {
		t.Errorf("a document of the largest size: %v", err)
	}
	refuse(t, []byte(doc), xmlrpc.Limits{Size: len(doc) - 1}, xmlrpc.CodeLimit, "more than the limit of")
	refuse(t, make([]byte, 4<<20+1), xmlrpc.Limits{}, xmlrpc.CodeLimit, "more than the limit of 4194304")
}

func TestCount(t *testing.T) {
	values := func(n int) []byte {
		return []byte(call("<value><array><data>" + strings.Repeat("<value/>", n-1) + "</data></array></value>"))
	}
	parse(t, string(values(100_000)))
	refuse(t, values(100_001), xmlrpc.Limits{}, xmlrpc.CodeLimit, "more than 100000 values")
	refuse(t, values(3), xmlrpc.Limits{Values: 2}, xmlrpc.CodeLimit, "more than 2 values")
	params := strings.Repeat("<param><value/></param>", 3)
	refuse(t, []byte("<methodCall><methodName>m</methodName><params>"+params+"</params></methodCall>"), xmlrpc.Limits{Values: 2}, xmlrpc.CodeLimit, "more than 2 values")
}

func TestLongTags(t *testing.T) {
	huge := strings.Repeat("a", 1<<20)
	for _, value := range []string{
		"<" + huge + "/>",
		"<int " + huge + "='1'/>",
		"<int a='" + huge + "'/>",
		"<int" + strings.Repeat(" ", 1<<20) + "/>",
		"<int" + strings.Repeat(" a=''", 1<<18) + "/>",
		"<?" + huge + "?>",
		"<?a " + huge + "?>",
		"</" + huge + ">",
	} {
		refuse(t, []byte(call("<value>"+value+"</value>")), xmlrpc.Limits{}, xmlrpc.CodeLimit, "a tag is longer than 1024 bytes")
	}
	refuse(t, []byte("<?xml version='1.0'"+strings.Repeat(" ", 1<<20)+"?>"), xmlrpc.Limits{}, xmlrpc.CodeLimit, "a tag is longer than 1024 bytes")
	// Everything but tags may be long.
	if got := parse(t, call("<value><!-- "+huge+" -->"+huge+"<![CDATA["+huge+"]]></value>")); got != `"`+huge+huge+`"` {
		t.Errorf("a long string is read as one of %d bytes", len(got))
	}
	var declarations strings.Builder
	for i := 0; declarations.Len() < 900; i++ {
		fmt.Fprintf(&declarations, " xmlns:n%d='x'", i)
	}
	parse(t, call("<value><int"+declarations.String()+">1</int></value>"))
}

// A document costs memory in proportion to its length, whatever it contains.
func TestHugeDocuments(t *testing.T) {
	const size = 1 << 18
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	limits := xmlrpc.Limits{Size: 40*size + 1<<10, Values: 1 << 30}
	for name, doc := range map[string]string{
		"less than":         strings.Repeat("<", 40*size),
		"greater than":      fill(">"),
		"ampersands":        call("<value>" + fill("&amp;") + "</value>"),
		"an endless entity": call("<value>&" + fill("a") + "</value>"),
		"zeros":             call("<value>&#" + fill("0") + "65;</value>"),
		"white space":       fill(" "),
		"text":              call("<value>" + fill("text\n") + "</value>"),
		"quotes":            call("<value>" + fill(`"`) + "</value>"),
		"comments":          call("<value>" + fill("a<!---->") + "</value>"),
		"one comment":       "<!--" + fill("-a") + "-->" + call("<value/>"),
		"sections":          call("<value>" + fill("<![CDATA[a]]>") + "</value>"),
		"instructions":      fill("<?a?>") + call("<value/>"),
		"empty values":      call("<value><array><data>" + fill("<value/>") + "</data></array></value>"),
		"open tags":         fill("<a>"),
		"end tags":          fill("</a>"),
		"name spaces":       call("<value><array><data>" + fill("<value xmlns:a='b'/>") + "</data></array></value>"),
		"a long number":     call("<value><int>" + fill("1") + "</int></value>"),
		"a long fraction":   call("<value><double>1." + fill("1") + "</double></value>"),
		"a long exponent":   call("<value><double>1e" + fill("1") + "</double></value>"),
		"padding":           call("<value><base64>" + fill("=") + "</base64></value>"),
		"broken lines":      call("<value><base64>" + fill("A\n") + "</base64></value>"),
		"a long name":       call("<value><struct><member><name>" + fill("a") + "</name><value/></member></struct></value>"),
		"surrogates":        call("<value>" + fill("�&#65;") + "</value>"),
		"declarations":      fill("<?xml version='1.0' encoding='latin1'?>"),
		"UTF-16":            "\xff\xfe" + fill("\x16\x4e"),
		"latin1":            declared("latin1", fill("\xe9")),
		"bytes":             fill("\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(doc)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := xmlrpc.ParseCall(data, "", limits)
			runtime.ReadMemStats(&after)
			if e, ok := err.(*xmlrpc.Error); err != nil && (!ok || len(e.Message) > 512) {
				t.Errorf("a %T of %d bytes", err, len(err.Error()))
			}
			if used := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(data)); used > 40 {
				t.Errorf("%.0f bytes of memory for each of the document (error: %v)", used, err)
			} else {
				t.Logf("%.1f bytes of memory for each of the document (error: %v)", used, err)
			}
		})
	}
}
