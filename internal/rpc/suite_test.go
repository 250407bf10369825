package rpc_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// strictness says why we refuse what every parser should accept.
var strictness = map[string]string{
	"y_object_duplicated_key.json":           "a name that is there twice is refused: it is unclear which value was meant",
	"y_object_duplicated_key_and_value.json": "as above",
}

// open says what we do with texts that a parser may accept or refuse: 0 accepts
// them, as they are and without looking at the size of numbers; those that are
// refused are not UTF-8, have half a surrogate pair, or are too deep. anyCode
// is the code where a method takes the text as an `any`, in which a number with
// a point or an exponent is a float64.
var open = map[string]struct{ code, anyCode int }{
	"i_number_double_huge_neg_exp.json":                   {0, 0},
	"i_number_huge_exp.json":                              {0, rpc.CodeParams},
	"i_number_neg_int_huge_exp.json":                      {0, rpc.CodeParams},
	"i_number_pos_double_huge_exp.json":                   {0, rpc.CodeParams},
	"i_number_real_neg_overflow.json":                     {0, rpc.CodeParams},
	"i_number_real_pos_overflow.json":                     {0, rpc.CodeParams},
	"i_number_real_underflow.json":                        {0, 0},
	"i_number_too_big_neg_int.json":                       {0, 0},
	"i_number_too_big_pos_int.json":                       {0, 0},
	"i_number_very_big_negative_int.json":                 {0, 0},
	"i_object_key_lone_2nd_surrogate.json":                {rpc.CodeParse, rpc.CodeParse},
	"i_string_1st_surrogate_but_2nd_missing.json":         {rpc.CodeParse, rpc.CodeParse},
	"i_string_1st_valid_surrogate_2nd_invalid.json":       {rpc.CodeParse, rpc.CodeParse},
	"i_string_UTF-16LE_with_BOM.json":                     {rpc.CodeParse, rpc.CodeParse},
	"i_string_UTF-8_invalid_sequence.json":                {rpc.CodeParse, rpc.CodeParse},
	"i_string_UTF8_surrogate_U+D800.json":                 {rpc.CodeParse, rpc.CodeParse},
	"i_string_incomplete_surrogate_and_escape_valid.json": {rpc.CodeParse, rpc.CodeParse},
	"i_string_incomplete_surrogate_pair.json":             {rpc.CodeParse, rpc.CodeParse},
	"i_string_incomplete_surrogates_escape_valid.json":    {rpc.CodeParse, rpc.CodeParse},
	"i_string_invalid_lonely_surrogate.json":              {rpc.CodeParse, rpc.CodeParse},
	"i_string_invalid_surrogate.json":                     {rpc.CodeParse, rpc.CodeParse},
	"i_string_invalid_utf-8.json":                         {rpc.CodeParse, rpc.CodeParse},
	"i_string_inverted_surrogates_U+1D11E.json":           {rpc.CodeParse, rpc.CodeParse},
	"i_string_iso_latin_1.json":                           {rpc.CodeParse, rpc.CodeParse},
	"i_string_lone_second_surrogate.json":                 {rpc.CodeParse, rpc.CodeParse},
	"i_string_lone_utf8_continuation_byte.json":           {rpc.CodeParse, rpc.CodeParse},
	"i_string_not_in_unicode_range.json":                  {rpc.CodeParse, rpc.CodeParse},
	"i_string_overlong_sequence_2_bytes.json":             {rpc.CodeParse, rpc.CodeParse},
	"i_string_overlong_sequence_6_bytes.json":             {rpc.CodeParse, rpc.CodeParse},
	"i_string_overlong_sequence_6_bytes_null.json":        {rpc.CodeParse, rpc.CodeParse},
	"i_string_truncated-utf-8.json":                       {rpc.CodeParse, rpc.CodeParse},
	"i_string_utf16BE_no_BOM.json":                        {rpc.CodeParse, rpc.CodeParse},
	"i_string_utf16LE_no_BOM.json":                        {rpc.CodeParse, rpc.CodeParse},
	"i_structure_500_nested_arrays.json":                  {rpc.CodeRequest, rpc.CodeRequest},
	"i_structure_UTF-8_BOM_empty_object.json":             {rpc.CodeParse, rpc.CodeParse},
}

// tooDeep are the texts that are refused for their depth before a parser sees
// that they are no JSON.
var tooDeep = []string{"n_structure_100000_opening_arrays.json", "n_structure_open_array_object.json"}

// suite is where a copy of https://github.com/nst/JSONTestSuite is looked for:
// beside the project, which has none of its own.
const suite = "../../../shared/data/JSONTestSuite/test_parsing"

// integers are the texts that have no other numbers in them, and no strings.
var integers = regexp.MustCompile(`^[][0-9 \n-]+$`)

// Every file of the JSONTestSuite, sent as the parameter of a method that takes
// any JSON.
func TestJSONTestSuite(t *testing.T) {
	if _, err := os.Stat(suite); err != nil {
		t.Logf("nothing is tested: the files of the JSONTestSuite are not there (%v)", err)
		return
	}
	files, err := filepath.Glob(suite + "/*.json")
	if err != nil || len(files) != 318 {
		t.Fatalf("there are %d files, not 318 (%v)", len(files), err)
	}
	r := newRegistry(t, rpc.Options{})
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		want, wantAny := 0, 0
		switch {
		case strictness[name] != "":
			want, wantAny = rpc.CodeParse, rpc.CodeParse
		case name[0] == 'n' && (name == tooDeep[0] || name == tooDeep[1]):
			want, wantAny = rpc.CodeRequest, rpc.CodeRequest
		case name[0] == 'n':
			want, wantAny = rpc.CodeParse, rpc.CodeParse
		case name[0] == 'i':
			row, known := open[name]
			if !known {
				t.Errorf("%s is not in the table", name)
				continue
			}
			want, wantAny = row.code, row.anyCode
		}
		// By name: [] would be a list with no parameter where the file is empty, which
		// must be refused.
		answered := call(t, r, "echo", `{"value":`+string(text)+`}`)
		if answered.code() != want {
			t.Errorf("%s: %d %s, want %d", name, answered.code(), answered.message(), want)
		}
		asAny := call(t, r, "any", `{"value":`+string(text)+`}`)
		if got := asAny.code(); got != wantAny {
			t.Errorf("%s as an any: %d, want %d", name, got, wantAny)
		}
		if integers.Match(text) && want == 0 && !bytes.Equal(compact(t, text), compact(t, asAny.Result)) {
			t.Errorf("%s as an any: %s came back as %s", name, text, asAny.Result)
		}
		if want == 0 && !bytes.Equal(compact(t, text), compact(t, answered.Result)) {
			t.Errorf("%s: %s came back as %s", name, text, answered.Result)
		}
		whole(t, r, name, text)
	}
}

// whole sends a file as a request, which it is not: the answer is an error for
// the file as a whole or for each of its elements, with the id null unless the
// file has a member of that name.
func whole(t *testing.T, r *rpc.Registry, name string, text []byte) {
	response := r.JSON(admin(t), text)
	if response == nil {
		t.Errorf("%s as a request is not answered", name)
		return
	}
	for response := range elementsOf(t, response) {
		a := read(t, response)
		if a.code() != rpc.CodeParse && a.code() != rpc.CodeRequest || string(a.ID) != "null" && !bytes.Contains(text, []byte(`"id"`)) {
			t.Errorf("%s as a request: %s", name, response)
		}
		if strings.HasPrefix(name, "y_") && strictness[name] == "" && a.code() != rpc.CodeRequest {
			t.Errorf("%s as a request is JSON, but: %s", name, response)
		}
	}
}
