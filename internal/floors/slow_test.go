package floors

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A test that does less in go test -short says why, and how long it takes, with
// internal/slow.
func TestSlowTestsSayWhy(t *testing.T) {
	uses := 0
	for _, s := range sources(t) {
		if !s.test || s.pkg == "internal/slow" {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch called(call) {
			case "testing.Short":
				if strings.HasPrefix(s.pkg, "examples/") {
					break // users read them, and cannot import internal/slow
				}
				t.Errorf("%s: testing.Short does not say why: use slow.Test or slow.Tenth", s.position(call))
			case "slow.Test", "slow.Tenth":
				uses++
				if complaint := reason(call); complaint != "" {
					t.Errorf("%s: %s", s.position(call), complaint)
				}
			}
			return true
		})
	}
	if uses < 2 {
		t.Errorf("found %d slow tests; the test checks nothing", uses)
	}
}

// called returns the function that a call calls, as package.Name, or "".
func called(call *ast.CallExpr) string {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := f.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return pkg.Name + "." + f.Sel.Name
}

// reason says what is wrong with the last two arguments of a call to
// internal/slow, or "".
func reason(call *ast.CallExpr) string {
	var said []string
	for _, arg := range call.Args[len(call.Args)-2:] {
		literal, ok := arg.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return "why the test is slow and how long it takes must be string literals"
		}
		text, _ := strconv.Unquote(literal.Value)
		said = append(said, text)
	}
	if len(strings.Fields(said[0])) < 2 {
		return strconv.Quote(said[0]) + " does not say why the test is slow"
	}
	if d, err := time.ParseDuration(strings.ReplaceAll(said[1], " ", "")); err != nil || d <= 0 {
		return strconv.Quote(said[1]) + ` is not a time such as "3 s"`
	}
	return ""
}
