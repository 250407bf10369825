package proc

import (
	"errors"
	"fmt"
	"math"
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
// Its text has the fields in the order in which visit names them: see
// fieldWriter.
type marker struct {
	parent  int    // process id of the daemon; a process with another parent has inherited the marker by accident
	name    string // for comm
	args0   string // the daemon's os.Args[0]
	hasMax  bool   // whether the daemon's environment has GOMAXPROCS,
	goMax   string // and its value; the child's own is its Limits.Procs
	cgroups int    // so many cgroup.procs files to join are inherited before Files
	crash   bool   // a crash file is inherited before that
	files   int    // number of Files
	purpose Purpose
	limits  Limits
	sandbox string // Spec.Sandbox: see packSandbox; "": none
	again   bool   // the child has executed the program again: see restart;
	statm   int    // then with this descriptor of /proc/self/statm, if it is not 0
	version string
}

// firstFile is the descriptor of the first of Files.
func (m *marker) firstFile() int { return firstFD + int(b2i(m.crash)) + m.cgroups }

// visit calls the right function for each field, in the order of the text.
func (m *marker) visit(str func(*string), num func(*int64)) {
	conv := func(v int64, set func(int64)) { num(&v); set(v) }
	str(&m.version)
	conv(int64(m.parent), func(v int64) { m.parent = int(v) })
	str(&m.name)
	str(&m.args0)
	conv(b2i(m.hasMax), func(v int64) { m.hasMax = v != 0 })
	str(&m.goMax)
	conv(int64(m.cgroups), func(v int64) { m.cgroups = int(v) })
	conv(b2i(m.crash), func(v int64) { m.crash = v != 0 })
	conv(int64(m.files), func(v int64) { m.files = int(v) })
	str(&m.purpose.Daemon)
	str(&m.purpose.Pool)
	conv(int64(m.purpose.Worker), func(v int64) { m.purpose.Worker = uint64(v) })
	conv(int64(m.purpose.Transport), func(v int64) { m.purpose.Transport = uint8(v) })
	conv(int64(m.purpose.Buffer), func(v int64) { m.purpose.Buffer = int(v) })
	num(&m.purpose.MaxPayload)
	conv(b2i(m.purpose.Arena), func(v int64) { m.purpose.Arena = v != 0 })
	conv(b2i(m.purpose.Recorder), func(v int64) { m.purpose.Recorder = v != 0 })
	conv(int64(m.purpose.Shared), func(v int64) { m.purpose.Shared = int(v) })
	str(&m.purpose.Dir)
	conv(int64(m.limits.Memory), func(v int64) { m.limits.Memory = uint64(v) })
	conv(int64(m.limits.Procs), func(v int64) { m.limits.Procs = int(v) })
	conv(int64(m.limits.Nice), func(v int64) { m.limits.Nice = int(v) })
	conv(int64(m.limits.Files), func(v int64) { m.limits.Files = uint64(v) })
	conv(int64(math.Float64bits(m.limits.CPU)), func(v int64) { m.limits.CPU = math.Float64frombits(uint64(v)) })
	conv(int64(m.limits.Threads), func(v int64) { m.limits.Threads = int(v) })
	conv(int64(m.limits.FileSize), func(v int64) { m.limits.FileSize = uint64(v) })
	conv(b2i(m.limits.NoCore), func(v int64) { m.limits.NoCore = v != 0 })
	conv(int64(m.limits.OOMScore), func(v int64) { m.limits.OOMScore = int(v) })
	str(&m.sandbox)
	conv(b2i(m.again), func(v int64) { m.again = v != 0 })
	conv(int64(m.statm), func(v int64) { m.statm = int(v) })
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
	var w fieldWriter
	m.version = markerVersion
	m.visit(w.str, w.num)
	text := string(w.text)
	if len(text) > maxMarker {
		return "", fmt.Errorf("the names of daemon, pool and program, and the paths of the sandbox, take %d bytes; the limit is %d: use fewer or shorter ones", len(text), maxMarker)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", errors.New("the name of daemon, pool or program has a zero byte in it")
	}
	return text, nil
}

// decodeMarker reads text, which is not trusted.
func decodeMarker(text string) (marker, error) {
	var m marker
	if len(text) > maxMarker {
		return m, fmt.Errorf("it has %d bytes; the limit is %d", len(text), maxMarker)
	}
	r := fieldReader{rest: text}
	m.visit(r.str, r.num)
	r.end()
	box, err := unpackSandbox(m.sandbox)
	switch {
	case r.failed != nil:
	case err != nil:
		r.fail("its sandbox: " + err.Error())
	case m.version != markerVersion:
		r.fail(fmt.Sprintf("its version is %q, not %q", m.version, markerVersion))
	case m.parent <= 0:
		r.fail("it does not name a parent")
	case m.cgroups < 0 || m.cgroups > maxCgroups:
		r.fail(fmt.Sprintf("it names %d cgroups", m.cgroups))
	case m.files < 0 || m.files > maxFiles:
		r.fail(fmt.Sprintf("it names %d files", m.files))
	case strings.IndexByte(m.name, 0) >= 0 || strings.IndexByte(m.goMax, 0) >= 0:
		r.fail("a name in it has a zero byte")
	default:
		spec := Spec{Limits: m.limits, Sandbox: box}
		r.failed = spec.check()
	}
	if r.failed != nil {
		return marker{}, r.failed
	}
	return m, nil
}

// maxCgroups is how many cgroups a child may have to join: one for each kind of
// limit.
const maxCgroups = 3

// maxFiles bounds Spec.Files.
const maxFiles = 1024
