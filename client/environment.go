package client

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/legion-go/legion/internal/host"
)

// Variables of the environment that command lines take a token from.
const (
	tokenVariable     = "LEGION_TOKEN"
	tokenFileVariable = "LEGION_TOKEN_FILE"
	caVariable        = "LEGION_CA" // which package controltls reads
)

// FromEnvironment returns the options with which Legion's own programs dial an
// address, from variables of the environment, since other users see the
// arguments of a process:
//
//	LEGION_TOKEN_FILE   the path of a file with the token, which users other than its owner may not read
//	LEGION_TOKEN        the token itself; not both
//
// They are for tcp addresses. For a Unix socket, and for a name, the options
// are empty: there the daemon knows the user, and a token would go to whoever
// listens. FromEnvironment of package controltls also reads what TLS needs.
func FromEnvironment(address string) (Options, error) {
	if !strings.HasPrefix(address, "tcp://") {
		return Options{}, nil
	}
	o := Options{fromEnvironment: true}
	token, path := os.Getenv(tokenVariable), os.Getenv(tokenFileVariable)
	switch {
	case token != "" && path != "":
		return Options{}, fmt.Errorf("%s and %s are both set: unset one of them", tokenVariable, tokenFileVariable)
	case path == "":
		o.Token = token
		return o, nil
	}
	text, err := host.ReadSecret(path)
	if err != nil {
		return Options{}, fmt.Errorf("%s: %w", tokenFileVariable, err)
	}
	if o.Token = strings.TrimSpace(string(text)); o.Token == "" {
		return Options{}, fmt.Errorf("%s: the file %s is empty: write the token into it", tokenFileVariable, path)
	}
	return o, nil
}

// advised adds what to set to the error of a daemon that refuses a client.
func advised(err error) error {
	e, _ := errors.AsType[*Error](err)
	switch {
	case e.Code == CodeTransport: // it wants TLS
		return fmt.Errorf("%w: set %s to the certificates of its authorities, or to system", err, caVariable)
	case e.Code == CodeNotAllowed:
		return fmt.Errorf("%w: commands take a token from the file %s, and a certificate from LEGION_CERT and LEGION_KEY", err, tokenFileVariable)
	}
	return err
}
