package wire

import (
	"encoding/binary"
	"fmt"
)

// Limits of a Hello.
const (
	MaxFuncs    = 4096 // functions of one worker
	MaxFuncName = 255  // bytes of a function's name
)

// Hello is a worker's first message: its identity, its functions and what
// confines it. The index of a function in Funcs is the Code of its Requests.
type Hello struct {
	Version uint16
	PID     uint32
	Funcs   []FuncInfo
	Seal    Seal
}

// FuncInfo describes one function of a worker.
type FuncInfo struct {
	Name   string
	Hash   uint64 // of the function's argument and result types; the daemon compares it with its own
	Stream bool   // whether the result is streamed
}

// AppendHello appends the encoding of h to b. Names beyond MaxFuncName are cut
// and functions beyond MaxFuncs left out; the daemon notices that when it
// compares, but declarations refuse both long before.
func AppendHello(b []byte, h Hello) []byte {
	funcs := h.Funcs[:min(len(h.Funcs), MaxFuncs)]
	b = binary.LittleEndian.AppendUint16(b, h.Version)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(funcs)))
	b = binary.LittleEndian.AppendUint32(b, h.PID)
	for _, f := range funcs {
		name := cut(f.Name, MaxFuncName)
		var stream byte
		if f.Stream {
			stream = 1
		}
		b = binary.LittleEndian.AppendUint64(b, f.Hash)
		b = append(b, stream, byte(len(name)))
		b = append(b, name...)
	}
	return appendSeal(b, h.Seal)
}

const (
	helloFixed = 8  // version, count, pid
	funcFixed  = 10 // hash, stream, length of the name
)

// DecodeHello decodes the whole of b. The result holds no reference to b. Of a
// Hello of another Version only Version and PID are decoded, so that the caller
// can report them.
func DecodeHello(b []byte) (Hello, error) {
	if len(b) < helloFixed {
		return Hello{}, fmt.Errorf("%w: hello of %d bytes", ErrMalformed, len(b))
	}
	h := Hello{Version: binary.LittleEndian.Uint16(b), PID: binary.LittleEndian.Uint32(b[4:])}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	b = b[helloFixed:]
	if h.Version != Version {
		return h, nil
	}
	if n > MaxFuncs || n*funcFixed > len(b) {
		return Hello{}, fmt.Errorf("%w: hello with %d functions in %d bytes", ErrMalformed, n, len(b))
	}
	h.Funcs = make([]FuncInfo, n)
	for i := range h.Funcs {
		if len(b) < funcFixed {
			return Hello{}, fmt.Errorf("%w: hello cut short at function %d of %d", ErrMalformed, i, n)
		}
		hash, stream, size := binary.LittleEndian.Uint64(b), b[8], int(b[9])
		b = b[funcFixed:]
		if stream > 1 || size > len(b) {
			return Hello{}, fmt.Errorf("%w: hello with a bad function %d of %d", ErrMalformed, i, n)
		}
		h.Funcs[i] = FuncInfo{Name: string(b[:size]), Hash: hash, Stream: stream == 1}
		b = b[size:]
	}
	var err error
	if h.Seal, b, err = decodeSeal(b); err != nil {
		return Hello{}, err
	}
	if len(b) != 0 {
		return Hello{}, fmt.Errorf("%w: %d bytes after a hello", ErrMalformed, len(b))
	}
	return h, nil
}
