package link

// Waiting returns how many senders of an end over shared memory wait for room.
func Waiting(c Conn) (n int) {
	s := &c.(*shared).send
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := s.queue.first; w != nil; w = w.next {
		n++
	}
	return n
}
