package legion

import (
	"github.com/legion-go/legion/internal/doctor"
	"github.com/legion-go/legion/status"
)

// Environment checks which features of Legion work on this machine with the
// rights of this process, for a command like doctor. It may make and remove a
// cgroup.
func Environment() []status.Finding { return doctor.Look() }
