package wire

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of a capture.
const (
	// MaxCapture is the most bytes of all parts of an answer to a Capture together:
	// in base64 they fit into an answer of the control socket.
	MaxCapture = 11 << 20
	// MaxCaptureTime is how long one may take.
	MaxCaptureTime = time.Minute
	// maxCaptureKind bounds the name of a kind, in bytes.
	maxCaptureKind = 32
	// maxCaptureReason bounds the text of CaptureFailed, in bytes.
	maxCaptureReason = 1 << 10
)

// The Codes of a Capture.
const (
	CaptureBegin uint16 = iota
	CaptureStop
)

// CaptureState is the Code of a Captured.
type CaptureState uint16

const (
	// CapturePart: the payload is the next part of the profile or trace.
	CapturePart CaptureState = iota
	// CaptureEnd: it is complete. No payload.
	CaptureEnd
	// CaptureFailed: there is none. The payload is AppendReason's.
	CaptureFailed
)

// AppendCapture appends the encoding of a request for a capture of the given
// kind, "trace" or a kind of profile, that takes d, to b.
func AppendCapture(b []byte, kind string, d time.Duration) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(d)), cut(kind, maxCaptureKind)...)
}

// DecodeCapture decodes the whole of b.
func DecodeCapture(b []byte) (kind string, d time.Duration, err error) {
	if len(b) < 8 || len(b) > 8+maxCaptureKind {
		return "", 0, fmt.Errorf("%w: capture of %d bytes", ErrMalformed, len(b))
	}
	d = time.Duration(binary.LittleEndian.Uint64(b))
	if d < 0 || d > MaxCaptureTime {
		return "", 0, fmt.Errorf("%w: capture of %v", ErrMalformed, d)
	}
	return string(b[8:]), d, nil
}

// AppendReason appends why a capture failed to b, cut to its limit.
func AppendReason(b []byte, why string) []byte { return append(b, cut(why, maxCaptureReason)...) }

// DecodeReason decodes the whole of b.
func DecodeReason(b []byte) (string, error) {
	if len(b) > maxCaptureReason || !utf8.Valid(b) {
		return "", fmt.Errorf("%w: a capture's reason of %d bytes", ErrMalformed, len(b))
	}
	return string(b), nil
}
