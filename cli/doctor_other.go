//go:build !linux

package cli

import "github.com/legion-go/legion"

// hostFindings are those about the system: there is nothing to tell elsewhere than on Linux.
func hostFindings() []legion.Finding { return nil }
