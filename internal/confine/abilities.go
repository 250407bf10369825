package confine

// Abilities are what this system, and this program, have for a Sandbox.
type Abilities struct {
	Landlock int  // its version; 0: none
	Seccomp  bool // the kernel filters the calls of all threads at once
	Cgo      bool // the program has C in it
}

// Files reports whether Read, Write and Setup can be held.
func (a Abilities) Files() bool { return a.Landlock > 0 }

// Ports reports whether ports of TCP can be held.
func (a Abilities) Ports() bool { return a.Landlock >= abiNetwork }

// Programs reports whether Exec can be held.
func (a Abilities) Programs() bool { return a.Landlock >= abiScope }

// Restarts reports whether a sandboxed worker executes its program twice, and
// cannot have Setup.
func (a Abilities) Restarts() bool { return a.Cgo && a.Landlock > 0 && a.Landlock < abiThreads }

// Versions of Landlock.
const (
	abiNetwork = 4 // TCP ports; Linux 6.7
	abiScope   = 6 // signals and abstract sockets stay inside; 6.12
	abiThreads = 8 // one call for all threads; 7.0
)
