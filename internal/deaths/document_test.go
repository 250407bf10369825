package deaths_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/legion-go/legion/status"
)

// docs/deaths.md says of each cause what happened.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/deaths.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| cause | what happened |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		got = append(got, row[1])
	}
	if !slices.Equal(got, status.DeathCauses) {
		t.Errorf("the table of causes has %q, want %q", got, status.DeathCauses)
	}
}
