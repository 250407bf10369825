package legion

import (
	"github.com/legion-go/legion/internal/doctor"
	"github.com/legion-go/legion/status"
)

// Environment finds out what this machine, with the rights of this process,
// lets Legion do: for a command like doctor. It may make and remove a cgroup.
func Environment() []status.Finding { return doctor.Look() }
