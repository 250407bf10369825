package floors

import (
	"reflect"
	"testing"
)

func TestClaimsAreRead(t *testing.T) {
	got := claimsOf("text\n\n" +
		"| who | trusted |\n|---|---|\n| root | `TestNot` |\n\n" +
		"| promise | because | tests |\n|---|---|---|\n" +
		"| a | of b | `TestA`, `FuzzA`; pool: `TestB` (twice) |\n" +
		"| nothing | | none: it is text |\n\ntext `TestC` | |\n")
	want := []claim{
		{"a", []namedTest{{".", "TestA"}, {".", "FuzzA"}, {"pool", "TestB"}}},
		{"nothing", nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v instead of %+v", got, want)
	}
}
