package floors

import (
	"go/ast"
	"go/parser"
	"strings"
	"testing"
)

func TestReasonsAreRead(t *testing.T) {
	for call, want := range map[string]string{
		`slow.Test(t, "links ten programs", "8 s")`:          "",
		`slow.Tenth(t, n, "runs a simulation", "400 ms")`:    "",
		`slow.Test(t, "slow", "8 s")`:                        "does not say why",
		`slow.Test(t, "links ten programs", "a while")`:      "is not a time",
		`slow.Test(t, "links ten programs", "0 s")`:          "is not a time",
		`slow.Test(t, why, "8 s")`:                           "must be string literals",
		`slow.Test(t, "links ten programs", time.Second)`:    "must be string literals",
		`slow.Test(t, "links "+count+" programs", "8 s")`:    "must be string literals",
		`slow.Tenth(t, n, "runs a simulation", "8 seconds")`: "is not a time",
	} {
		e, err := parser.ParseExpr(call)
		if err != nil {
			t.Fatal(err)
		}
		got := reason(e.(*ast.CallExpr))
		if got == "" != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
		if name := called(e.(*ast.CallExpr)); !strings.HasPrefix(call, name) || name == "" {
			t.Errorf("%s calls %q", call, name)
		}
	}
}
