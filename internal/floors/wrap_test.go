package floors

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// commentWidth is how many columns a comment has at most, from its // on.
const commentWidth = 80

// Comments that stand on lines of their own are wrapped. Indented ones, code
// and tables, are left as they are, and so are links, what examples print, and
// what is generated.
func TestCommentsAreWrapped(t *testing.T) {
	looked := 0
	for _, file := range sources(t) {
		if base := filepath.Base(file.name); strings.HasPrefix(base, "example") || strings.HasSuffix(base, ".pb.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", "..", file.name))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		var s scanner.Scanner
		fset := token.NewFileSet()
		s.Init(fset.AddFile(file.name, -1, len(text)), text, nil, scanner.ScanComments)
		for pos, kind, lit := s.Scan(); kind != token.EOF; pos, kind, lit = s.Scan() {
			if kind != token.COMMENT || !strings.HasPrefix(lit, "// ") || strings.HasPrefix(lit, "//  ") || strings.Count(lit, " ") < 2 {
				continue
			}
			at := fset.Position(pos)
			if strings.TrimSpace(lines[at.Line-1]) != lit {
				continue // it follows code
			}
			looked++
			if n := utf8.RuneCountInString(lit); n > commentWidth {
				t.Errorf("%s:%d: the comment has %d columns, at most %d: wrap it", file.name, at.Line, n, commentWidth)
			}
		}
	}
	if looked < 1000 {
		t.Errorf("only %d lines of comments were looked at", looked)
	}
}
