package proc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// markerName is the environment variable that makes a process a child. Only
// this package sees it.
const markerName = "_LEGION_CHILD"

// maxMarker bounds the marker's text in bytes: Linux refuses a variable of 128
// KiB; this limit is far below.
const maxMarker = 32 << 10

// markerVersion changes with the fields below. Daemon and child are the same
// program, so a difference means that the variable came from elsewhere.
const markerVersion = "1"

// marker is everything a child must know before main.
//
// Its text is a sequence of netstrings ("5:hello,"), in the order in which
// visit names the fields; so a name may contain any byte but zero, and reading
// it needs no library.
type marker struct {
	parent  int    // process id of the daemon; a process with another parent has inherited the marker by accident
	name    string // for comm
	args0   string // the daemon's os.Args[0]
	hasMax  bool   // whether the daemon's environment has GOMAXPROCS,
	goMax   string // and its value; the child's own is its Limits.Procs
	cgroup  bool   // a cgroup.procs file to join is inherited before Files
	crash   bool   // a crash file is inherited before that
	files   int    // number of Files
	purpose Purpose
	limits  Limits
	version string
}

// visit calls the right function for each field, in the order of the text.
func (m *marker) visit(str func(*string), num func(*int64)) {
	conv := func(v int64, set func(int64)) { num(&v); set(v) }
	str(&m.version)
	conv(int64(m.parent), func(v int64) { m.parent = int(v) })
	str(&m.name)
	str(&m.args0)
	conv(b2i(m.hasMax), func(v int64) { m.hasMax = v != 0 })
	str(&m.goMax)
	conv(b2i(m.cgroup), func(v int64) { m.cgroup = v != 0 })
	conv(b2i(m.crash), func(v int64) { m.crash = v != 0 })
	conv(int64(m.files), func(v int64) { m.files = int(v) })
	str(&m.purpose.Daemon)
	str(&m.purpose.Pool)
	conv(int64(m.purpose.Worker), func(v int64) { m.purpose.Worker = uint64(v) })
	conv(int64(m.purpose.Transport), func(v int64) { m.purpose.Transport = uint8(v) })
	conv(int64(m.purpose.Buffer), func(v int64) { m.purpose.Buffer = int(v) })
	num(&m.purpose.MaxPayload)
	conv(b2i(m.purpose.Arena), func(v int64) { m.purpose.Arena = v != 0 })
	conv(int64(m.limits.Memory), func(v int64) { m.limits.Memory = uint64(v) })
	conv(int64(m.limits.Procs), func(v int64) { m.limits.Procs = int(v) })
	conv(int64(m.limits.Nice), func(v int64) { m.limits.Nice = int(v) })
	conv(int64(m.limits.Files), func(v int64) { m.limits.Files = uint64(v) })
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// encode returns the marker's text, or an error if the names in it are too long
// or have a zero byte.
func (m marker) encode() (string, error) {
	var b []byte
	m.version = markerVersion
	m.visit(func(s *string) {
		b = strconv.AppendInt(b, int64(len(*s)), 10)
		b = append(b, ':')
		b = append(b, *s...)
		b = append(b, ',')
	}, func(v *int64) {
		digits := strconv.FormatInt(*v, 10)
		b = strconv.AppendInt(b, int64(len(digits)), 10)
		b = append(b, ':')
		b = append(b, digits...)
		b = append(b, ',')
	})
	text := string(b)
	if len(text) > maxMarker {
		return "", fmt.Errorf("the names of daemon, pool and program take %d bytes; the limit is %d: use shorter names", len(text), maxMarker)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", errors.New("the name of daemon, pool or program has a zero byte in it")
	}
	return text, nil
}

// decodeMarker reads text, which is not trusted.
func decodeMarker(text string) (marker, error) {
	var m marker
	var failed error
	fail := func(what string) {
		if failed == nil {
			failed = errors.New(what)
		}
	}
	if len(text) > maxMarker {
		return m, fmt.Errorf("it has %d bytes; the limit is %d", len(text), maxMarker)
	}
	rest := text
	next := func() string {
		if failed != nil {
			return ""
		}
		length, tail, ok := strings.Cut(rest, ":")
		n, err := strconv.ParseUint(length, 10, 31)
		if !ok || err != nil || uint64(len(tail)) <= n || tail[n] != ',' {
			fail("it is not a sequence of fields")
			return ""
		}
		rest = tail[n+1:]
		return tail[:n]
	}
	m.visit(func(s *string) { *s = next() }, func(v *int64) {
		n, err := strconv.ParseInt(next(), 10, 64)
		if err != nil {
			fail("a field of it is not a number")
		}
		*v = n
	})
	switch {
	case failed != nil:
	case rest != "":
		fail("it has more text after its last field")
	case m.version != markerVersion:
		fail(fmt.Sprintf("its version is %q, not %q", m.version, markerVersion))
	case m.parent <= 0:
		fail("it does not name a parent")
	case m.files < 0 || m.files > maxFiles:
		fail(fmt.Sprintf("it names %d files", m.files))
	case strings.IndexByte(m.name, 0) >= 0 || strings.IndexByte(m.goMax, 0) >= 0:
		fail("a name in it has a zero byte")
	default:
		spec := Spec{Limits: m.limits}
		failed = spec.check()
	}
	if failed != nil {
		return marker{}, failed
	}
	return m, nil
}

// maxFiles bounds Spec.Files.
const maxFiles = 1024
