package proc

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

func box(b sandbox.Sandbox) func(*Spec) { return func(s *Spec) { s.Sandbox = &b } }

func init() {
	childParts["sealed"] = func(c *Child) {
		report, err := Seal()
		fmt.Printf("sealed=%v %v\n", report, err)
		_, err = os.Open("/etc/passwd")
		fmt.Printf("open=%v\n", err)
		forever()
	}
}

func TestSealed(t *testing.T) {
	p, o := begin(t, "sealed", box(sandbox.Sandbox{}))
	if got := o.value(t, p, "sealed"); !strings.HasSuffix(got, " <nil>") {
		t.Error(got)
	}
	if got := o.value(t, p, "open"); !strings.HasSuffix(got, "operation not permitted") {
		t.Error(got)
	}
}
