package control

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/rpc"
)

// Rule gives a role. Of several rules that fit, the highest role counts. Root
// and the process's own user have the role Admin on Unix sockets without a
// rule.
type Rule struct {
	Kind string // "uid", "gid", "workers", "cert" or "token"
	ID   int    // of the user or group
	Name string // in the client's certificate; of a token, its bearer's name in logs, may be ""
	Role rpc.Role

	token string
}

// shortestToken is the least number of characters of a token, so that it cannot
// be guessed.
const shortestToken, longestToken = 16, 512

// NewRule makes a rule for what kind and value name:
//
//	user NAME, uid NUMBER       a user who connects to a Unix socket
//	workers                     the daemon's own workers, and what they start, on a Unix socket
//	group NAME, gid NUMBER      a member of the group, also by supplementary groups
//	cert NAME                   a name in a TLS client's certificate
//	token VALUE, NAME:VALUE     a client with the token: 16 to 512 letters, digits and -._~+/=
//
// Names of users and groups are looked up now; errors.Is(err, host.ErrUnknown)
// if they do not exist. No error repeats a token.
func NewRule(kind, value string, role rpc.Role) (Rule, error) {
	r := Rule{Kind: kind, Role: role}
	switch kind {
	case "user":
		who, err := host.Lookup(value, "0") // the group does not matter here
		r.Kind, r.ID = "uid", who.UID
		return r, err
	case "group":
		who, err := host.Lookup("", value)
		r.Kind, r.ID = "gid", who.GID
		return r, err
	case "uid", "gid":
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return Rule{}, fmt.Errorf("the %s %q is not a number: for a name write user or group", kind, value)
		}
		r.ID = int(n)
		return r, nil
	case "workers":
		return r, nil
	case "cert":
		if r.Name = value; value == "" {
			return Rule{}, errors.New("give the name in the certificate")
		}
		return r, nil
	case "token":
		if name, token, found := strings.Cut(value, ":"); found {
			r.Name, value = name, token
		}
		r.token = value
		return r, checkToken(value)
	}
	return Rule{}, fmt.Errorf("there is no rule for a %q: it is user, uid, group, gid, workers, cert or token", kind)
}

func checkToken(token string) error {
	if len(token) < shortestToken || len(token) > longestToken {
		return fmt.Errorf("the token has %d characters, it needs %d to %d: make one with openssl rand -hex 16", len(token), shortestToken, longestToken)
	}
	if strings.IndexFunc(token, notInToken) >= 0 {
		return errors.New("the token has a character that cannot be sent: letters, digits and -._~+/= are possible")
	}
	return nil
}

// notInToken is RFC 6750, b64token.
func notInToken(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-._~+/=", c))
}

// String names a rule, without its secret.
func (r Rule) String() string {
	switch r.Kind {
	case "workers":
		return fmt.Sprintf("workers=%v", r.Role)
	case "uid", "gid":
		return fmt.Sprintf("%s:%d=%v", r.Kind, r.ID, r.Role)
	}
	return fmt.Sprintf("%s:%s=%v", r.Kind, r.Name, r.Role)
}

// GoString is String: %#v would show the token.
func (r Rule) GoString() string { return r.String() }

// Authenticate returns the owner of a token: the name of its bearer in logs,
// and the role. It serves [rpc.Options].Authenticate. Its duration reveals only
// the lengths of the tokens.
func Authenticate(rules []Rule, token string) (rpc.Caller, bool) {
	var who rpc.Caller
	known := false
	for _, r := range rules {
		if r.Kind != "token" || r.token == "" || !sameSecret(r.token, token) {
			continue
		}
		if !known || r.Role > who.Role {
			who = rpc.Caller{Name: strings.TrimSpace("token " + r.Name), Role: r.Role}
		}
		known = true
	}
	return who, known
}

// sameSecret takes as long for two texts that differ early as for two that
// differ late. Package crypto/subtle would do the same, and cost every worker
// process the start of package crypto.
func sameSecret(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var differ byte
	for i := range len(a) {
		differ |= a[i] ^ b[i]
	}
	return differ == 0
}

// roles finds the highest role that the rules give to a peer; self is this
// process's user. A worker runs as that user, but a role for that user is not
// meant for workers.
func roles(rules []Rule, self int, p peer) rpc.Role {
	best := rpc.None
	if p.worker {
		for _, r := range rules {
			if r.Kind == "workers" {
				best = max(best, r.Role)
			}
		}
		return best
	}
	if p.uid >= 0 && (p.uid == 0 || p.uid == self) {
		return rpc.Admin
	}
	for _, r := range rules {
		fits := false
		switch r.Kind {
		case "uid":
			fits = p.uid >= 0 && r.ID == p.uid
		case "gid":
			fits = p.uid >= 0 && p.member(r.ID)
		case "cert":
			fits = slices.Contains(p.certs, r.Name)
		}
		if fits {
			best = max(best, r.Role)
		}
	}
	return best
}
