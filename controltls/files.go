package controltls

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// maxFile is how long a file may be, in bytes.
const maxFile = 1 << 20

// stamp identifies a version of a file.
type stamp struct {
	changed int64 // in ns since 1970
	size    int64
	inode   uint64
	mode    fs.FileMode
}

// stampOf returns the zero stamp for a file that cannot be looked at.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	s := stamp{changed: info.ModTime().UnixNano(), size: info.Size(), mode: info.Mode()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = uint64(st.Ino)
	}
	return s
}

// loadPair reads a certificate and its private key.
func loadPair(cert, key string) (tls.Certificate, error) {
	c, err := read(cert, nil)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the certificate: %w", err)
	}
	k, err := read(key, private)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the private key: %w", err)
	}
	pair, err := tls.X509KeyPair(c, k)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the certificate %s with the private key %s: %w", cert, key, err)
	}
	return pair, nil
}

// loadPool reads certificates of authorities.
func loadPool(path string) (*x509.CertPool, error) {
	b, err := read(path, nil)
	if err != nil {
		return nil, fmt.Errorf("the certificates of authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("the certificates of authorities: there is none in %s: it must be PEM", path)
	}
	return pool, nil
}

// read returns the contents of a file that passes check.
func read(path string, check func(fs.FileInfo) error) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("%w: let user %d read it", err, os.Geteuid())
		}
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case check != nil:
		if err := check(info); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(f, maxFile+1)); err != nil {
		return nil, err
	}
	if b.Len() > maxFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, maxFile)
	}
	return b.Bytes(), nil
}

// private refuses the file of a key that others than its owner and, for
// reading, its group may use.
func private(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o037 != 0 {
		return fmt.Errorf("its mode is %#o, so users other than its owner may use it: chmod 600, or 640 if its group must read it; if another user may have read it, make a new one", mode)
	}
	return nil
}
