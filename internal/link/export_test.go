package link

// Waiting returns the number of senders that wait for space, at an end over
// shared memory.
func Waiting(c Conn) (n int) {
	s := &c.(*shared).send
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := s.queue.first; w != nil; w = w.next {
		n++
	}
	return n
}
