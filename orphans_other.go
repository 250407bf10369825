//go:build !linux

package legion

// reapOrphans has nothing to do: only Linux has pid namespaces.
func (d *Daemon) reapOrphans() {}
