//go:build !(linux || darwin || freebsd)

package control

// credentials are not available here: only a socket that no other user may
// connect to can be used.
func (p *peer) credentials(int) error { return errNoCredentials }
