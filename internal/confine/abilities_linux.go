//go:build amd64 || arm64

package confine

// Look finds out what a Sandbox can rest on here.
func Look() Abilities {
	sys := look()
	return Abilities{Landlock: sys.abi, Seccomp: sys.seccomp, Cgo: sys.cgo}
}
