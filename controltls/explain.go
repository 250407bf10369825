package controltls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
)

// explain adds to the error of a handshake what to do about it.
func explain(what string, err error) error {
	advice := ""
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case op != nil && op.Op == "remote error":
		advice = "the other side refuses the certificate or the version of TLS; its log says more"
	case isA[x509.UnknownAuthorityError](err):
		advice = "its certificate is by none of the authorities that were given"
	case isA[x509.HostnameError](err):
		advice = "give the name that the certificate is for"
	case isA[x509.CertificateInvalidError](err):
		advice = "its certificate has to be replaced"
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
