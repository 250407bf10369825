//go:build !linux

package cli

import (
	"github.com/legion-go/legion/status"
)

// hostFindings are those about the system: there is nothing to tell elsewhere
// than on Linux.
func hostFindings() []status.Finding { return nil }
