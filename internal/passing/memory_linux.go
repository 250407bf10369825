package passing

import (
	"os"

	"github.com/legion-go/legion/internal/shm"
)

// nameless makes a file in memory: what is passed on may be secret.
func nameless(name string) (*os.File, error) { return shm.MemoryFile(name) }
