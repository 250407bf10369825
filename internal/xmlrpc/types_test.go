package xmlrpc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/xmlrpc"
)

// call returns a document with one parameter.
func call(value string) string {
	return "<methodCall><methodName>m</methodName><params><param>" + value + "</param></params></methodCall>"
}

// parse reads a document with one parameter and returns its JSON.
func parse(t testing.TB, doc string) string {
	t.Helper()
	method, params, err := xmlrpc.ParseCall([]byte(doc), "", xmlrpc.Limits{})
	if err != nil {
		t.Errorf("%q: %v", doc, err)
		return ""
	}
	if method != "m" || len(params) < 2 || params[0] != '[' || params[len(params)-1] != ']' {
		t.Errorf("%q: method %q, parameters %s", doc, method, params)
		return ""
	}
	return string(params[1 : len(params)-1])
}

// refuse expects an error with this code and text.
func refuse(t testing.TB, doc []byte, l xmlrpc.Limits, code int, says string) {
	t.Helper()
	_, params, err := xmlrpc.ParseCall(doc, "", l)
	var e *xmlrpc.Error
	switch {
	case err == nil:
		t.Errorf("%.200q is accepted: %.200s", doc, params)
	case !errors.As(err, &e):
		t.Errorf("%.200q: the error %v is a %[2]T", doc, err)
	case e.Code != code || !strings.Contains(e.Message, says):
		t.Errorf("%.200q: error %d %q, want %d and %q", doc, e.Code, e.Message, code, says)
	case len(e.Message) > 512:
		t.Errorf("%.200q: an error of %d bytes", doc, len(e.Message))
	}
}

func TestValues(t *testing.T) {
	for value, want := range map[string]string{
		// Strings keep their white space, with or without a type tag.
		`text`:                            `"text"`,
		``:                                `""`,
		`  `:                              `"  "`,
		" two\n\tlines ":                  `" two\n\tlines "`,
		`<string>text</string>`:           `"text"`,
		`<string> a </string>`:            `" a "`,
		` <string>a</string> `:            `"a"`,
		`<string/>`:                       `""`,
		`<string></string>`:               `""`,
		`a&amp;b&lt;&gt;&quot;&apos;`:     `"a&b<>\"'"`,
		`&#65;&#x42;&#x1F427;`:            `"AB🐧"`,
		`a<![CDATA[<b>&amp;]]>c`:          `"a<b>&amp;c"`,
		`<![CDATA[]]>`:                    `""`,
		`a<!-- not this -->b<?nor this?>`: `"ab"`,
		"a\r\nb\rc&#13;d":                 `"a\nb\nc\rd"`,
		`back\slash`:                      `"back\\slash"`,
		`&#xFFFD;�<![CDATA[�&#xD800;]]>�`: `"���&#xD800;�"`,

		`<int>0</int>`:                       `0`,
		`<int>-2147483648</int>`:             `-2147483648`,
		`<i4>2147483647</i4>`:                `2147483647`,
		`<int>2147483648</int>`:              `2147483648`, // many senders call all their integers int
		`<i4>-9223372036854775808</i4>`:      `-9223372036854775808`,
		`<int>+7</int>`:                      `7`,
		`<int>007</int>`:                     `7`,
		"<int>\n 12\t</int>":                 `12`,
		`<int>1<!-- and -->2</int>`:          `12`,
		`<i1>-128</i1>`:                      `-128`,
		`<ex:i1>127</ex:i1>`:                 `127`,
		`<i2>-32768</i2>`:                    `-32768`,
		`<ex:i2>32767</ex:i2>`:               `32767`,
		`<i8>-9223372036854775808</i8>`:      `-9223372036854775808`,
		`<ex:i8>9223372036854775807</ex:i8>`: `9223372036854775807`,
		`<i8>9007199254740993</i8>`:          `9007199254740993`, // more than a float holds

		`<boolean>1</boolean>`:       `true`,
		`<boolean>0</boolean>`:       `false`,
		`<boolean>true</boolean>`:    `true`,
		`<boolean> false </boolean>`: `false`,

		`<double>-12.214</double>`:                `-12.214`,
		`<double>1</double>`:                      `1.0`, // not an integer
		`<double>+1.</double>`:                    `1.0`,
		`<double>.5</double>`:                     `0.5`,
		`<double> 1e3 </double>`:                  `1000.0`,
		`<double>-0</double>`:                     `-0.0`,
		`<double>1e20</double>`:                   `100000000000000000000.0`,
		`<double>1E-7</double>`:                   `1e-7`,
		`<double>1e300</double>`:                  `1e+300`,
		`<double>1e-400</double>`:                 `0.0`,
		`<float>0.1</float>`:                      `0.1`,
		`<ex:float>2.5</ex:float>`:                `2.5`,
		`<double>1.7976931348623157e308</double>`: `1.7976931348623157e+308`,

		`<base64></base64>`:                    `""`,
		`<base64>AP8=</base64>`:                `"AP8="`,
		"<base64>\nQU\r\n JD\tRA==\n</base64>": `"QUJDRA=="`,
		`<base64>+/+/</base64>`:                `"+/+/"`,

		`<nil/>`:       `null`,
		`<nil></nil>`:  `null`,
		`<nil> </nil>`: `null`,
		`<ex:nil/>`:    `null`,
		`<ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/>`:     `null`,
		`<x:i8 xmlns:x="http://ws.apache.org/xmlrpc/namespaces/extensions">1</x:i8>`: `1`,

		`<array><data/></array>`: `[]`,
		" <array>\n<data> <value>1</value><!-- --> <value><int>2</int></value> </data>\n</array> ": `["1",2]`,
		`<array><data><value><array><data><value/></data></array></value></data></array>`:          `[[""]]`,
		`<struct/>`:          `{}`,
		`<struct> </struct>`: `{}`,
		"<struct>\n<member> <name>a</name> <value>1</value> </member>\n<member><name> A </name><value><nil/></value></member></struct>": `{"a":"1"," A ":null}`,
		`<struct><member><name/><value/></member><member><name>&lt;</name><value><struct/></value></member></struct>`:                   `{"":"","<":{}}`,
	} {
		if got := parse(t, call("<value>"+value+"</value>")); got != want {
			t.Errorf("%s is read as %s, want %s", value, got, want)
		}
	}
	if got := parse(t, call("<value/>")); got != `""` {
		t.Errorf("<value/> is read as %s", got)
	}
}

func TestDateTimes(t *testing.T) {
	for text, want := range map[string]string{
		"19980717T14:08:55":            "1998-07-17T14:08:55Z",
		" 19980717T14:08:55\n":         "1998-07-17T14:08:55Z",
		"1998-07-17T14:08:55":          "1998-07-17T14:08:55Z",
		"19980717T140855":              "1998-07-17T14:08:55Z",
		"19980717T14:08":               "1998-07-17T14:08:00Z",
		"19980717T1408":                "1998-07-17T14:08:00Z",
		"19980717T14:08:55Z":           "1998-07-17T14:08:55Z",
		"19980717T14:08:55+00:00":      "1998-07-17T14:08:55Z",
		"1998-07-17T14:08:55+02:00":    "1998-07-17T14:08:55+02:00",
		"1998-07-17T14:08:55-0330":     "1998-07-17T14:08:55-03:30",
		"19980717T140855+02":           "1998-07-17T14:08:55+02:00",
		"19980717T14:08-08":            "1998-07-17T14:08:00-08:00",
		"19980717T14:08:55.5":          "1998-07-17T14:08:55.5Z",
		"19980717T14:08:55.123456789Z": "1998-07-17T14:08:55.123456789Z",
		"19980717T14:08:55,120+23:59":  "1998-07-17T14:08:55.12+23:59",
		"20240229T00:00:00":            "2024-02-29T00:00:00Z",
		"00000101T00:00:00":            "0000-01-01T00:00:00Z",
		"99991231T23:59:59.999999999":  "9999-12-31T23:59:59.999999999Z",
	} {
		if got := parse(t, call("<value><dateTime.iso8601>"+text+"</dateTime.iso8601></value>")); got != `"`+want+`"` {
			t.Errorf("%s is read as %s, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		"", "T", "19980717", "1998-07-17", "19980717T", "19980717T14", "1998-0717T14:08:55", "199807-17T14:08:55",
		"19980717 14:08:55", "19980717t14:08:55", "19980717T14:08:55z", "19980717T4:08:55", "19980717T14:0855", "19980717T1408:55",
		"19980717T14:08:55.", "19980717T14:08:55.1234567890", "19980717T14:08:55+", "19980717T14:08:55+2", "19980717T14:08:55+02:",
		"19980717T14:08:55+02:0", "19980717T14:08:55+24:00", "19980717T14:08:55+02:60", "19980717T14:08:55ZZ", "19980717T14:08:55Z+01",
		"19980717T24:00:00", "19980717T14:60:00", "19980717T14:08:60", "19980017T14:08:55", "19981317T14:08:55", "19980700T14:08:55",
		"19980732T14:08:55", "20230229T00:00:00", "00000000T00:00:00", "-9980717T14:08:55", "119980717T14:08:55", "1998-W29-5T14:08:55",
		"１９９８0717T14:08:55", "now",
	} {
		refuse(t, []byte(call("<value><dateTime.iso8601>"+text+"</dateTime.iso8601></value>")), xmlrpc.Limits{}, xmlrpc.CodeInvalid, "not a time such as")
	}
}

func TestValuesThatAreNone(t *testing.T) {
	for value, says := range map[string]string{
		`<int></int>`:                                      "not a whole number",
		`<int/>`:                                           "not a whole number",
		`<int>1.0</int>`:                                   "not a whole number",
		`<int>1e3</int>`:                                   "not a whole number",
		`<int>0x10</int>`:                                  "not a whole number",
		`<int>1_000</int>`:                                 "not a whole number",
		`<int>1 2</int>`:                                   "not a whole number",
		`<int>--1</int>`:                                   "not a whole number",
		"<int>\u00a01</int>":                               "not a whole number",
		`<int>1</int><int>2</int>`:                         "<int> in <value>, where nothing more is expected",
		`<int>9223372036854775808</int>`:                   "does not fit 64 bits",
		`<i4>-9223372036854775809</i4>`:                    "does not fit 64 bits",
		`<i1>128</i1>`:                                     "does not fit 8 bits",
		`<i2>32768</i2>`:                                   "does not fit 16 bits",
		`<i8>9223372036854775808</i8>`:                     "does not fit 64 bits",
		`<boolean></boolean>`:                              "write 1 or 0",
		`<boolean>2</boolean>`:                             "write 1 or 0",
		`<boolean>True</boolean>`:                          "write 1 or 0",
		`<boolean>yes</boolean>`:                           "write 1 or 0",
		`<double></double>`:                                "not a decimal number",
		`<double>NaN</double>`:                             "not a decimal number",
		`<double>inf</double>`:                             "not a decimal number",
		`<double>-Infinity</double>`:                       "not a decimal number",
		`<double>0x1p-2</double>`:                          "not a decimal number",
		`<double>1_0.5</double>`:                           "not a decimal number",
		`<double>1,5</double>`:                             "not a decimal number",
		`<double>1.5.2</double>`:                           "not a decimal number",
		`<double>e</double>`:                               "not a decimal number",
		`<double>1e309</double>`:                           "beyond the largest double",
		`<double>-1e999999999</double>`:                    "beyond the largest double",
		`<base64>A</base64>`:                               "not base64",
		`<base64>AP8</base64>`:                             "not base64",
		`<base64>AP9=</base64>`:                            "not base64", // bits left over
		`<base64>AP8=AP8=</base64>`:                        "not base64",
		`<base64>-_-_</base64>`:                            "not base64",
		`<base64>A&#xA0;P8=</base64>`:                      "not base64",
		`<nil>0</nil>`:                                     "holds nothing",
		`<nil><nil/></nil>`:                                "which holds text only",
		`<string>a<b>c</b></string>`:                       "<b> in <string>, which holds text only",
		`a<int>1</int>`:                                    `text "a" and <int> in one <value>`,
		`<int>1</int>a`:                                    `text "a" in <value>`,
		`<int>1</int><!-- --><string/>`:                    "<string> in <value>, where nothing more",
		`<integer>1</integer>`:                             "<integer> is not a type",
		`<Int>1</Int>`:                                     "<Int> is not a type",
		`<ex:int>1</ex:int>`:                               "<ex:int> is not a type",
		`<ex:string>1</ex:string>`:                         "<ex:string> is not a type",
		`<value>1</value>`:                                 "<value> is not a type",
		`<dateTime>19980717T14:08:55</dateTime>`:           "<dateTime> is not a type",
		`<y:nil/>`:                                         `namespace "y"`,
		`<ex:nil xmlns:ex="urn:other"/>`:                   `namespace "urn:other"`,
		`<int xmlns="urn:other">1</int>`:                   `attribute "xmlns"`,
		`<int size="4">1</int>`:                            `<int> has an attribute "size"`,
		`<array/>`:                                         "<data> is missing in <array>",
		`<array></array>`:                                  "<data> is missing in <array>",
		`<array><value/></array>`:                          "<value> in <array>, where <data> should be",
		`<array>a<data/></array>`:                          `text "a" in <array>`,
		`<array><data/><data/></array>`:                    "<data> in <array>, where nothing more",
		`<array><data>a</data></array>`:                    `text "a" in <data>`,
		`<array><data><int>1</int></data></array>`:         "<int> in <data>, where <value> should be",
		`<array><data><![CDATA[a]]></data></array>`:        `text "a" in <data>`,
		`<array><data><value/>,<value/></data></array>`:    `text "," in <data>`,
		`<struct>a</struct>`:                               `text "a" in <struct>`,
		`<struct><name>a</name></struct>`:                  "<name> in <struct>, where <member> should be",
		`<struct><member/></struct>`:                       "<name> is missing in <member>",
		`<struct><member><name>a</name></member></struct>`: "<value> is missing in <member>",
		`<struct><member><value/><name>a</name></member></struct>`:                                            "<value> in <member>, where <name> should be",
		`<struct><member><name>a</name><value/><value/></member></struct>`:                                    "<value> in <member>, where nothing more",
		`<struct><member><name>a</name><name>a</name><value/></member></struct>`:                              "<name> in <member>, where <value> should be",
		`<struct><member><name><b/></name><value/></member></struct>`:                                         "<b> in <name>, which holds text only",
		`<struct><member><name>a</name><value/></member><member><name>a</name><value/></member></struct>`:     `two members have the name "a"`,
		`<struct><member><name>a</name><value/></member><member><name>&#97;</name><value/></member></struct>`: `two members have the name "a"`,
	} {
		refuse(t, []byte(call("<value>"+value+"</value>")), xmlrpc.Limits{}, xmlrpc.CodeInvalid, says)
	}
}

// Duplicates are found among many members, and members of different structs may
// have one name.
func TestManyMembers(t *testing.T) {
	var members strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&members, "<member><name>n%d</name><value><struct><member><name>n</name><value/></member></struct></value></member>", i)
	}
	parse(t, call("<value><struct>"+members.String()+"</struct></value>"))
	again := "<member><name>n1234</name><value/></member>"
	refuse(t, []byte(call("<value><struct>"+members.String()+again+"</struct></value>")), xmlrpc.Limits{}, xmlrpc.CodeInvalid, `two members have the name "n1234"`)
}

func TestErrorsTellTheLine(t *testing.T) {
	doc := strings.ReplaceAll(call("<value><int>x</int></value>"), "><", ">\n<")
	refuse(t, []byte(doc), xmlrpc.Limits{}, xmlrpc.CodeInvalid, `line 6: <int> "x": not a whole number`)
	refuse(t, []byte("\n\n<?xml version='1.0'?>\n"+doc), xmlrpc.Limits{}, xmlrpc.CodeInvalid, "line 9: ")
	refuse(t, []byte("<methodCall>\n</a>"), xmlrpc.Limits{}, xmlrpc.CodeNotWellFormed, "line 2: ")
	refuse(t, []byte("<methodCall>\n\n\x01"), xmlrpc.Limits{}, xmlrpc.CodeNotWellFormed, "line 3: ")
}
