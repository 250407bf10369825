package main

// The peers that are no peers, but limits.
const (
	copiesName  = "copies"
	touchesName = "touches"
)

// copiesPeer has no other process. Its calls do what any call that copies has
// to do with its payload, and nothing else: the argument is copied into shared
// memory, out of it, the result into it, and out of it again, by one thread and
// in memory that was used before. So it says how fast the memory of this
// machine is, in the same round as the peers.
//
// Two processes can do a little better than this limit: the next piece is
// copied in while the last is copied out.
type copiesPeer struct {
	name string
	none bool // nothing is copied: the limit of calls that hand memory over
}

func (p copiesPeer) Name() string { return p.name }

func (copiesPeer) Procs() int { return 0 }

// Serve is never called.
func (copiesPeer) Serve() error { return errNotCarried }

func (p copiesPeer) Open() (Session, error) { return copiesSession(p), nil }

type copiesSession copiesPeer

// copiedAtOnce is the size of the pieces: small enough for the cache of a CPU.
const copiedAtOnce = 128 << 10

func (s copiesSession) Bytes(p []byte) (Call, error) {
	shared := make([]byte, min(len(p), copiedAtOnce))
	worker, answer := make([]byte, len(p)), make([]byte, len(p))
	return func() error {
		copyThrough(worker, shared, p)
		copyThrough(answer, shared, worker)
		return checkBytes(p, answer)
	}, nil
}

// copyThrough copies from to to, piece by piece, each first into shared.
func copyThrough(to, shared, from []byte) {
	for len(from) > 0 {
		n := copy(shared, from)
		copy(to, shared[:n])
		to, from = to[n:], from[n:]
	}
}

func (s copiesSession) Touched(size int) (Call, error) {
	source, p := newPayload(size), newPayload(size)
	if s.none {
		return func() error {
			copy(p, source)
			readAll(p)
			return checkAll(source, p)
		}, nil
	}
	call, err := s.Bytes(p)
	return func() error {
		copy(p, source)
		readAll(p)
		if err := call(); err != nil {
			return err
		}
		return checkAll(source, p)
	}, err
}

func (copiesSession) Record() (Call, error) { return nil, errNotCarried }

func (copiesSession) PIDs() []int { return nil }

func (copiesSession) Close() error { return nil }
