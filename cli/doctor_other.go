//go:build !linux

package cli

import (
	"github.com/legion-go/legion/status"
)

// hostFindings are the findings about the system: there are none except on
// Linux.
func hostFindings() []status.Finding { return nil }
