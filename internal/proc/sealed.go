package proc

import (
	"math"
	"strings"
	"syscall"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/internal/where"
	"github.com/legion-go/legion/sandbox"
)

// Seal confines this process to what the Sandbox of its Spec allows functions,
// and returns what holds. It is called once, after the setup and before the
// first call. After an error the process must end. Without a Sandbox it does
// nothing.
func Seal() (sandbox.Report, error) {
	if self == nil || self.Sandbox == nil {
		return sandbox.Report{}, nil
	}
	return confine.Seal(self.Sandbox)
}

// otherABI is the Call of a child that the kernel ended without a report.
const otherABI = "a system call of another ABI"

// forbidden returns the call that ended a child with a sandbox, or nil. body is
// the content of its crash file.
//
// The filter ends a call of another ABI without a report. The Go runtime cannot
// write one either if a thread blocks signals, as it does to start a program.
func forbidden(body string, e Exit, strict bool) *sandbox.Forbidden {
	f := confine.Explain(body)
	switch {
	case f != nil:
		f.Where = where.Crashed(e.Stack)
		if _, by, ok := strings.Cut(f.Where, ", called by "); ok {
			f.Where = by // the call says enough about what it called
		}
	case e.Signal == syscall.SIGSYS && strict:
		f = &sandbox.Forbidden{Call: "clone, to start a program, or " + otherABI, Rule: "Exec"}
	case e.Signal == syscall.SIGSYS:
		f = &sandbox.Forbidden{Call: otherABI}
	}
	return f
}

// packSandbox returns s as the text of fields; "" for nil.
func packSandbox(s *sandbox.Sandbox) string {
	if s == nil {
		return ""
	}
	var w fieldWriter
	c := *s
	_ = visitSandbox(&c, w.str, w.num) // it reads what the Sandbox itself writes
	return string(w.text)
}

// unpackSandbox reads the text of packSandbox, which is not trusted.
func unpackSandbox(text string) (*sandbox.Sandbox, error) {
	if text == "" {
		return nil, nil
	}
	r := fieldReader{rest: text}
	s := new(sandbox.Sandbox)
	if err := visitSandbox(s, r.str, r.num); err != nil {
		r.fail(err.Error())
	}
	r.end()
	if r.failed != nil {
		return nil, r.failed
	}
	return s, nil
}

// maxEntries bounds the lists of a text that is not trusted.
const maxEntries = 1024

// visitSandbox calls the right function for each field, in the order of the
// text. The error is that of a network that makes no sense.
func visitSandbox(s *sandbox.Sandbox, str func(*string), num func(*int64)) error {
	list := func(l *[]string) {
		n := int64(len(*l))
		num(&n)
		if n != int64(len(*l)) {
			*l = make([]string, max(0, min(n, maxEntries)))
		}
		for i := range *l {
			str(&(*l)[i])
		}
	}
	flag := func(b *bool) {
		n := b2i(*b)
		num(&n)
		*b = n != 0
	}
	list(&s.Read)
	list(&s.Write)
	list(&s.Setup)
	network := s.Network.String()
	str(&network)
	err := s.Network.UnmarshalText([]byte(network))
	flag(&s.Exec)
	flag(&s.JIT)
	list(&s.Env)
	str(&s.User)
	cpu := int64(math.Float64bits(s.CPU))
	num(&cpu)
	s.CPU = math.Float64frombits(uint64(cpu))
	size, threads := int64(s.FileSize), int64(s.Threads)
	num(&size)
	num(&threads)
	s.FileSize, s.Threads = uint64(size), int(threads)
	flag(&s.Strict)
	flag(&s.BestEffort)
	return err
}
