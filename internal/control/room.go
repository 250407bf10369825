package control

// room is the memory that one request, or one answer, takes from the server's
// share.
type room struct {
	share *share
	peer  peer
	taken int
}

// want makes sure that there is room for n bytes; the first of them are free.
func (r *room) want(n int) bool {
	more := max(0, n-freeMemory) - r.taken
	if more <= 0 {
		return true
	}
	if !r.share.take(r.peer, more) {
		return false
	}
	r.taken += more
	return true
}

// free gives everything back.
func (r *room) free() {
	if r.taken > 0 {
		r.share.give(r.peer, r.taken)
		r.taken = 0
	}
}
