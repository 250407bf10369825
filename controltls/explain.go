package controltls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
)

// explain adds advice to the error of a handshake.
func explain(what string, err error) error {
	advice := ""
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case op != nil && op.Op == "remote error":
		advice = "the other side refuses the certificate or the version of TLS; its log says more"
	case isA[x509.UnknownAuthorityError](err):
		advice = "none of the given authorities has signed its certificate"
	case isA[x509.HostnameError](err):
		advice = "give the name that the certificate is for"
	case isA[x509.CertificateInvalidError](err):
		advice = "replace its certificate"
	case isA[tls.RecordHeaderError](err):
		advice = "the other side does not speak TLS here"
	case errors.Is(err, io.EOF):
		advice = "the other side has hung up"
	}
	if advice == "" {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %s", what, err, advice)
}

func isA[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
