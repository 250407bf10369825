package pool

// links are a call's place in one list; a call can be in several.
type links struct {
	prev, next *Call
	in         bool
}

// list is an intrusive doubly linked list of calls: no operation allocates, and
// a call leaves from the middle in constant time.
type list struct {
	timers     bool // calls are linked by inTimers, otherwise by inQueue
	head, tail *Call
	len        int
}

func (l *list) of(c *Call) *links {
	if l.timers {
		return &c.inTimers
	}
	return &c.inQueue
}

func (l *list) pushBack(c *Call) {
	n := l.of(c)
	*n = links{prev: l.tail, in: true}
	if l.tail != nil {
		l.of(l.tail).next = c
	} else {
		l.head = c
	}
	l.tail = c
	l.len++
}

// insert puts c, which waited before, at the place of its number. The list must
// be in the order of numbers.
func (l *list) insert(c *Call) {
	next := l.head
	for next != nil && next.seq < c.seq {
		next = l.of(next).next
	}
	l.insertBefore(c, next)
}

// insertDeadline puts c at the place of its deadline: at the end, unless calls
// there were made with a longer timeout. The list must be in the order of
// deadlines.
func (l *list) insertDeadline(c *Call) {
	next := (*Call)(nil)
	for last := l.tail; last != nil && last.deadline > c.deadline; last = l.of(last).prev {
		next = last
	}
	l.insertBefore(c, next)
}

// insertBefore puts c before next, or at the end if that is nil.
func (l *list) insertBefore(c, next *Call) {
	if next == nil {
		l.pushBack(c)
		return
	}
	n := l.of(c)
	*n = links{prev: l.of(next).prev, next: next, in: true}
	if n.prev != nil {
		l.of(n.prev).next = c
	} else {
		l.head = c
	}
	l.of(next).prev = c
	l.len++
}

func (l *list) remove(c *Call) {
	n := l.of(c)
	if !n.in {
		return
	}
	if n.prev != nil {
		l.of(n.prev).next = n.next
	} else {
		l.head = n.next
	}
	if n.next != nil {
		l.of(n.next).prev = n.prev
	} else {
		l.tail = n.prev
	}
	*n = links{}
	l.len--
}
