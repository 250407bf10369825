//go:build !failpoint

package fail

// Point does nothing in this build.
func Point(string) {}
