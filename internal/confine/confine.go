package confine

import (
	"errors"

	"github.com/legion-go/legion/sandbox"
)

var errNotBuilt = errors.New("a sandbox is not built yet")

// Missing returns what this system, or this binary, cannot do of s: each entry
// is a sentence that names the cure.
func Missing(s *sandbox.Sandbox) []string { return nil }

// Birth confines this process to what s allows its setup.
func Birth(s *sandbox.Sandbox) error { return errNotBuilt }

// Seal confines this process, with all of its threads, to what s allows its
// functions, and makes sure that it holds.
func Seal(s *sandbox.Sandbox) (sandbox.Report, error) { return sandbox.Report{}, errNotBuilt }

// Explain finds out from the report of the Go runtime about a SIGSYS, with its
// registers, which call was forbidden. It returns nil for any other report,
// which may be any text.
func Explain(report string) *sandbox.Forbidden { return nil }
