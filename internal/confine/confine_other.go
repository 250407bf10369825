//go:build !linux || !(amd64 || arm64)

package confine

import (
	"errors"

	"github.com/legion-go/legion/sandbox"
)

const elsewhere = "a Sandbox needs Linux on amd64 or arm64"

var errElsewhere = errors.New(elsewhere)

// Missing returns what this system cannot do of s: all of it.
func Missing(s *sandbox.Sandbox) []string {
	if s == nil {
		return nil
	}
	return []string{elsewhere}
}

// Look finds nothing here.
func Look() Abilities { return Abilities{} }

func Restarts(*sandbox.Sandbox) (bool, error) { return false, errElsewhere }

func Birth(*sandbox.Sandbox) error { return errElsewhere }

func Seal(*sandbox.Sandbox) (sandbox.Report, error) { return sandbox.Report{}, errElsewhere }

func Explain(string) *sandbox.Forbidden { return nil }
